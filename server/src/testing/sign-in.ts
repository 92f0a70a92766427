import { createHash, randomBytes } from 'node:crypto'
import type { SignInFacts } from '@pulse/contract'
import { type Browser, createBrowser, type Visited } from './browser.ts'

/** What a client gets for a code. */
export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly idToken: string
}

export interface SignInByForm {
  /** Where Pulse is, such as `http://127.0.0.1:8080`. */
  readonly origin: string
  readonly username: string
  readonly password: string
  /** Asked for when the account has a second factor. */
  readonly code?: () => string
  /** One that has signed in before is signed in without a form. */
  readonly browser?: Browser
}

/** An authorization request under way. */
export interface Begun {
  readonly facts: SignInFacts
  readonly tokenEndpoint: string
  readonly callback: string
  readonly state: string
  readonly verifier: string
  readonly url: string
}

/**
 * Signs a person in the way the portal does: code flow with PKCE, through the provider's forms.
 * For tests; about 60 ms with a cheap password hash.
 */
export async function signInByForm(options: SignInByForm): Promise<Tokens> {
  const browser = options.browser ?? createBrowser()
  const begun = await beginSignIn(options.origin)
  const arrived = await passForms(browser, begun, options)
  return exchange(begun, codeOf(arrived, begun))
}

/** What the portal does before it sends a browser away. */
export async function beginSignIn(
  origin: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Begun> {
  const facts = await json<SignInFacts>(`${origin}/v1/sign-in`)
  const provider = await json<{ authorization_endpoint: string; token_endpoint: string }>(
    `${facts.issuer}/.well-known/openid-configuration`,
  )
  const verifier = randomBytes(32).toString('base64url')
  const state = randomBytes(16).toString('base64url')
  const callback = `${origin}/sign-in/callback`
  const url = new URL(provider.authorization_endpoint)
  const params = {
    client_id: facts.clientId,
    response_type: 'code',
    redirect_uri: callback,
    scope: facts.scope,
    state,
    nonce: randomBytes(16).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  }
  url.search = new URLSearchParams(params).toString()
  const tokenEndpoint = provider.token_endpoint
  return { facts, tokenEndpoint, callback, state, verifier, url: url.href }
}

/** Goes through the forms of the provider, until the browser is sent back to the portal. */
export async function passForms(
  browser: Browser,
  begun: Begun,
  { username, password, code }: Omit<SignInByForm, 'origin'>,
): Promise<Visited> {
  let page = await browser.go(begun.url, { stop: begun.callback })
  if (page.url.startsWith(begun.callback)) return page
  page = await browser.submit(page, { username, password }, begun.callback)
  if (code && / name="code"/.test(page.text)) {
    page = await browser.submit(page, { code: code() }, begun.callback)
  }
  return page
}

/** The code that a browser brought back. @throws when it brought none, or for another request */
export function codeOf(arrived: Visited, begun: Begun): string {
  const { searchParams } = new URL(arrived.url)
  const code = searchParams.get('code')
  if (code === null) {
    throw new Error(`not signed in: ${arrived.status} at ${arrived.url}\n${arrived.text}`)
  }
  if (searchParams.get('state') !== begun.state || searchParams.get('iss') !== begun.facts.issuer) {
    throw new Error('the answer belongs to another request or comes from another issuer')
  }
  return code
}

/** Exchanges a code for tokens. @throws when the provider refuses */
export async function exchange(begun: Begun, code: string): Promise<Tokens> {
  const answer = await askForTokens(begun, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: begun.callback,
    code_verifier: begun.verifier,
  })
  return tokensOf(answer)
}

/** Exchanges a refresh token, which is used up by it. @throws when the provider refuses */
export async function refresh(begun: Begun, refreshToken: string): Promise<Tokens> {
  return tokensOf(
    await askForTokens(begun, { grant_type: 'refresh_token', refresh_token: refreshToken }),
  )
}

/** Asks the token endpoint as the portal, which has no secret. */
export async function askForTokens(
  { tokenEndpoint, facts }: Begun,
  fields: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly body: Record<string, string> }> {
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ client_id: facts.clientId, ...fields }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

function tokensOf(answer: { status: number; body: Record<string, string> }): Tokens {
  const { access_token, refresh_token, id_token } = answer.body
  if (answer.status !== 200 || !access_token || !refresh_token || !id_token) {
    throw new Error(`no tokens: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  return { accessToken: access_token, refreshToken: refresh_token, idToken: id_token }
}

async function json<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { accept: 'application/json' } })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return (await response.json()) as T
}
