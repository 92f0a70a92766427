import { type Browser, createBrowser, type Visited } from '../../testing/browser.ts'
import {
  askForTokens,
  type Begun,
  beginSignIn,
  codeOf,
  exchange,
  passForms,
  type Tokens,
} from '../../testing/sign-in.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** What an issuer says of itself. */
export interface Discovery {
  readonly issuer: string
  readonly jwks_uri: string
  readonly end_session_endpoint: string
}

/** What a token endpoint answers. */
export interface Answer {
  readonly status: number
  readonly error: string | undefined
  readonly tokens: Tokens
}

/** The portal of a Pulse, as its issuer sees it: each step of the protocol by itself. */
export interface Portal {
  readonly home: string
  readonly discovery: Discovery
  /** Signs in through the issuer's own page. @throws when the issuer refuses */
  signIn(who: Credentials, browser?: Browser): Promise<Tokens>
  /** As far as the redirect back, or the page that says no. */
  fill(who: Credentials, browser?: Browser): Promise<Filled>
  /** Begins a sign-in by a request in which something is changed, or (undefined) left out. */
  ask(changes: Readonly<Record<string, string | undefined>>, browser?: Browser): Promise<Visited>
  exchange(filled: Filled, verifier?: string): Promise<Answer>
  refresh(refreshToken: string): Promise<Answer>
  /** Signs out at the issuer, which leads home. */
  signOut(tokens: Tokens, browser: Browser): Promise<Visited>
}

/** A browser that has passed the forms, and the request that sent it there. */
export interface Filled {
  readonly begun: Begun
  readonly seen: Visited
}

export async function portalOf(origin: string): Promise<Portal> {
  const own = await beginSignIn(origin)
  const { facts } = own
  const discovery = await discover(facts.issuer)
  const home = `${origin}/`
  const fill = async (who: Credentials, browser = createBrowser()): Promise<Filled> => {
    const begun = await beginSignIn(origin)
    return { begun, seen: await passForms(browser, begun, who) }
  }
  return {
    home,
    discovery,
    fill,
    async signIn(who, browser) {
      const { begun, seen } = await fill(who, browser)
      return exchange(begun, codeOf(seen, begun))
    },
    ask: (changes, browser = createBrowser()) =>
      browser.go(changed(own.url, changes), { stop: own.callback }),
    exchange: async ({ begun, seen }, verifier = begun.verifier) =>
      answerOf(
        await askForTokens(begun, {
          grant_type: 'authorization_code',
          code: codeOf(seen, begun),
          redirect_uri: begun.callback,
          code_verifier: verifier,
        }),
      ),
    refresh: async (token) =>
      answerOf(await askForTokens(own, { grant_type: 'refresh_token', refresh_token: token })),
    async signOut({ idToken }, browser) {
      const asked = { client_id: facts.clientId, post_logout_redirect_uri: home }
      const query = new URLSearchParams({ ...asked, id_token_hint: idToken })
      const seen = await browser.go(`${discovery.end_session_endpoint}?${query}`, { stop: home })
      // Pulse's own provider has a page that presses its button by a script.
      const asks = seen.status === 200 && seen.text.includes('name="logout"')
      return asks ? browser.submit(seen, { logout: 'yes' }, home) : seen
    },
  }
}

/** Signs in as another client of the same issuer, which has the same address to come back to. */
export async function signInAs(
  origin: string,
  clientId: string,
  who: Credentials,
): Promise<Tokens> {
  const begun = await beginSignIn(origin, { client_id: clientId })
  const as = { ...begun, facts: { ...begun.facts, clientId } }
  return exchange(as, codeOf(await passForms(createBrowser(), begun, who), begun))
}

function changed(url: string, changes: Readonly<Record<string, string | undefined>>): string {
  const address = new URL(url)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) address.searchParams.delete(name)
    else address.searchParams.set(name, value)
  }
  return address.href
}

function answerOf({ status, body }: { status: number; body: Record<string, string> }): Answer {
  const { error, access_token, refresh_token, id_token } = body
  const tokens = {
    accessToken: String(access_token),
    refreshToken: String(refresh_token),
    idToken: String(id_token),
  }
  return { status, error, tokens }
}

async function discover(issuer: string): Promise<Discovery> {
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`)
  return (await answer.json()) as Discovery
}
