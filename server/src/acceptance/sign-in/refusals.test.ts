import { base64url, CompactSign, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBrowser, type Visited } from '../../testing/browser.ts'
import type { Tokens } from '../../testing/sign-in.ts'
import { person } from './counterpart.ts'
import { type Ground, standOn } from './ground.ts'
import { signInAs } from './portal.ts'

let ground: Ground
beforeAll(async () => {
  ground = await standOn()
})
afterAll(() => ground?.close())

describe('an issuer', () => {
  it.each([
    ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }],
    ['a plain challenge', { code_challenge_method: 'plain' }],
    ['a challenge without a method', { code_challenge_method: undefined }],
    ['tokens without a code', { response_type: 'token' }],
  ])('refuses a sign-in with %s', async (_what, changes) => {
    const { url, text } = await ground.portal.ask(changes)
    expect(url + text).toMatch(/invalid_request|unsupported_response_type|unauthorized_client/)
    expect(url).not.toMatch(/[?#&](code|access_token)=/)
  })

  it.each([
    'https://evil.example/sign-in/callback',
    'http://127.0.0.1.evil.example/sign-in/callback',
    'http://127.0.0.1@evil.example/sign-in/callback',
    '//evil.example/sign-in/callback',
  ])('leads nowhere else: not to %s', async (redirect_uri) => {
    staysAtIssuer(await ground.portal.ask({ redirect_uri }))
  })

  it('leads nowhere else after a sign-out', async () => {
    const browser = createBrowser()
    await ground.portal.signIn(person('vera'), browser)
    const asked = { client_id: 'pulse-portal', post_logout_redirect_uri: 'https://evil.example/' }
    const { end_session_endpoint } = ground.portal.discovery
    staysAtIssuer(await browser.go(`${end_session_endpoint}?${new URLSearchParams(asked)}`))
  })

  it('refuses a code without the verifier of its challenge', async () => {
    const filled = await ground.portal.fill(person('vera'))
    const answer = await ground.portal.exchange(filled, 'x'.repeat(43))
    expect(answer).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('refuses a code the second time, and ends what the first gave', async () => {
    const filled = await ground.portal.fill(person('vera'))
    const first = await ground.portal.exchange(filled)
    expect(first.status).toBe(200)
    expect(await ground.portal.exchange(filled)).toMatchObject({ error: 'invalid_grant' })
    expect((await ground.portal.refresh(first.tokens.refreshToken)).error).toBe('invalid_grant')
  })

  it('says the same of a wrong password and of an unknown name', async () => {
    const words = async (username: string) => {
      const { seen } = await ground.portal.fill({ username, password: 'not the password' })
      staysAtIssuer(seen)
      return `${seen.status} ${textOf(seen.text)}`
    }
    expect(await words('vera')).toBe(await words('nemo'))
  })

  it('gives no code to a disabled account', async () => {
    staysAtIssuer((await ground.portal.fill(person('dirk'))).seen)
  })
})

/** A page of the issuer, and no way on from it. */
function staysAtIssuer({ url, headers }: Visited): void {
  expect(new URL(url).origin).toBe(new URL(ground.portal.discovery.issuer).origin)
  expect(headers.get('location')).toBeNull()
}

describe('Pulse refuses as a bearer', () => {
  let tokens: Tokens
  beforeAll(async () => {
    tokens = await ground.portal.signIn(person('vera'))
    expect((await ground.session(tokens.accessToken)).status).toBe(200)
  })
  const refused = async (bearer: string) =>
    expect(await ground.session(bearer)).toMatchObject({
      status: 401,
      code: 'registry.unauthenticated',
    })

  it('the ID token', () => refused(tokens.idToken))
  it('the refresh token', () => refused(tokens.refreshToken))

  it('a token for another audience', async () => {
    const { otherClient } = ground.counterpart
    if (otherClient === undefined) return
    await refused((await signInAs(ground.pulse.http, otherClient, person('ada'))).accessToken)
  })

  it('a token whose claims were changed', async () => {
    const [header, payload, signature] = tokens.accessToken.split('.')
    const said = { ...claimsOf(tokens.accessToken), tenants: ['globex'], roles: ['admin'] }
    await refused([header, encode(said), signature].join('.'))
    await refused(
      [header, payload, signature?.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))].join('.'),
    )
  })

  it('a token without a signature', async () => {
    const payload = tokens.accessToken.split('.')[1]
    for (const alg of ['none', 'None', 'NONE']) {
      const header = { ...headerOf(tokens.accessToken), alg }
      await refused(`${encode(header)}.${payload}.`)
      await refused(`${encode(header)}.${payload}.${tokens.accessToken.split('.')[2]}`)
    }
  })

  it('a token signed with the public key as if it were a shared secret', async () => {
    const { kid } = headerOf(tokens.accessToken)
    const key = (await publishedKeys()).find((each) => each.kid === kid)
    for (const secret of [JSON.stringify(key), String(key?.n ?? key?.x)]) {
      const forged = await new CompactSign(bytes(JSON.stringify(claimsOf(tokens.accessToken))))
        .setProtectedHeader({ alg: 'HS256', kid: String(kid) })
        .sign(bytes(secret.padEnd(32)))
      await refused(forged)
    }
  })

  it('a token that brings its own key', async () => {
    const { alg, kid } = headerOf(tokens.accessToken) as { alg: string; kid: string }
    const { privateKey, publicKey } = await generateKeyPair(alg)
    const jwk = await exportJWK(publicKey)
    for (const header of [{ alg, kid }, { alg, kid, jwk }, { alg, kid: 'mine', jwk }, { alg }]) {
      const forged = await new SignJWT(claimsOf(tokens.accessToken))
        .setProtectedHeader(header)
        .sign(privateKey)
      await refused(forged)
    }
  })

  it.each(['', 'x', 'a.b.c', '..', 'e30.e30.', `pulse_k_${'a'.repeat(16)}_${'b'.repeat(43)}`])(
    'nonsense such as "%s"',
    refused,
  )

  it('a token that has expired', async () => {
    expect((await ground.session(tokens.accessToken)).status).toBe(200)
    ground.advance(7 * 60_000)
    await refused(tokens.accessToken)
    ground.advance(-7 * 60_000)
  })
})

const publishedKeys = async (): Promise<(JWK & { kid?: string })[]> => {
  const answer = await fetch(ground.portal.discovery.jwks_uri)
  return ((await answer.json()) as { keys: JWK[] }).keys
}

const bytes = (text: string) => new TextEncoder().encode(text)
const encode = (value: object) => base64url.encode(JSON.stringify(value))
const decode = (part: string | undefined) =>
  JSON.parse(new TextDecoder().decode(base64url.decode(part ?? ''))) as Record<string, unknown>
const headerOf = (token: string) => decode(token.split('.')[0])
const claimsOf = (token: string) => decode(token.split('.')[1])

/** What a page says, without what differs each time it is shown. */
const textOf = (html: string) =>
  html
    .replaceAll(/<(script|style)[\s\S]*?<\/\1>/gi, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
