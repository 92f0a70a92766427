import { createHash, randomBytes } from 'node:crypto'
import { type APIRequestContext, request } from '@playwright/test'

export interface Who {
  readonly username: string
  readonly password: string
}

/** Gives an access token that is good for a minute at least. */
export type TokenSource = () => Promise<string>

interface Facts {
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
}

/** Tokens live five minutes. */
const FRESH_MS = 4 * 60_000

/** A client of the API beside the browser: signs in by the provider's form, like the portal does. */
export function tokenSource(origin: string, who: Who): TokenSource {
  let token = ''
  let until = 0
  return async () => {
    if (Date.now() < until) return token
    token = await signIn(origin, who)
    until = Date.now() + FRESH_MS
    return token
  }
}

async function signIn(origin: string, who: Who): Promise<string> {
  const client = await request.newContext({ baseURL: origin })
  try {
    const facts = (await (await client.get('/v1/sign-in')).json()) as Facts
    const known = await client.get(`${facts.issuer}/.well-known/openid-configuration`)
    const provider = (await known.json()) as Readonly<Record<string, string>>
    const verifier = randomBytes(32).toString('base64url')
    const callback = `${origin}/sign-in/callback`
    const code = await passForm(client, who, {
      at: provider['authorization_endpoint'] ?? '',
      fields: {
        client_id: facts.clientId,
        response_type: 'code',
        redirect_uri: callback,
        scope: facts.scope,
        state: randomBytes(16).toString('base64url'),
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      },
    })
    const answer = await client.post(provider['token_endpoint'] ?? '', {
      form: {
        grant_type: 'authorization_code',
        client_id: facts.clientId,
        redirect_uri: callback,
        code_verifier: verifier,
        code,
      },
    })
    const { access_token: token } = (await answer.json()) as { access_token?: string }
    if (token === undefined) throw new Error(`no token: ${answer.status()} ${await answer.text()}`)
    return token
  } finally {
    await client.dispose()
  }
}

interface Request {
  readonly at: string
  readonly fields: Readonly<Record<string, string>>
}

/** Through the form to the redirect back, whose code it reads off the last address. */
async function passForm(client: APIRequestContext, who: Who, { at, fields }: Request) {
  const form = await client.get(at, { params: fields })
  const hidden = [...(await form.text()).matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)]
  const values = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]))
  const done = await client.post(form.url(), { form: { ...values, ...who } })
  const code = new URL(done.url()).searchParams.get('code')
  if (code === null) throw new Error(`${who.username} is not signed in: ${await done.text()}`)
  return code
}
