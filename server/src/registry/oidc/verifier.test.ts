import {
  base64url,
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { manualClock } from '#platform'
import { foreignIdentity } from './claims.ts'
import { createVerifier, type Verifier } from './verifier.ts'

const ISSUER = 'https://login.example.com/realms/acme'
const NOW_S = 1_800_000_000
const clock = manualClock(NOW_S * 1000)
const mapping = { tenants: 'tenant', roles: 'roles', roleNames: new Map([['eng', 'engineer']]) }

let pair: Awaited<ReturnType<typeof generateKeyPair>>
let asked = 0
let verifier: Verifier

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
  const keys = createLocalJWKSet({ keys: [jwk] })
  verifier = createVerifier({
    issuer: () => ISSUER,
    audience: 'pulse-api',
    clientId: 'pulse-portal',
    clock,
    keys: (header, token) => {
      asked++
      return keys(header, token)
    },
    identityOf: (claims) => foreignIdentity(claims, ISSUER, mapping),
  })
})

const good: JWTPayload = {
  iss: ISSUER,
  sub: 'f0f1',
  aud: ['account', 'pulse-api'],
  iat: NOW_S - 10,
  exp: NOW_S + 290,
}
const header: JWTHeaderParameters = { alg: 'RS256', kid: 'k1', typ: 'JWT' }
const sign = (claims: JWTPayload = good, head: JWTHeaderParameters = header) =>
  new SignJWT(claims).setProtectedHeader(head).sign(pair.privateKey)
const refused = (token: string) =>
  expect(verifier.verify(token)).rejects.toMatchObject({ code: 'registry.unauthenticated' })

describe('a token of the issuer', () => {
  test('gives who it is of, with tenants and roles as they are mapped', async () => {
    const token = await sign({
      ...good,
      sid: 's1',
      preferred_username: 'ada',
      name: 'Ada Lovelace',
      email: 'ada@acme.test',
      email_verified: true,
      tenant: ['acme', 'globex'],
      roles: ['eng', 'offline_access'],
    })
    expect(await verifier.verify(token)).toEqual({
      issuer: ISSUER,
      subject: 'f0f1',
      session: 's1',
      username: 'ada',
      name: 'Ada Lovelace',
      email: 'ada@acme.test',
      emailVerified: true,
      claimed: { tenants: ['acme', 'globex'], roles: ['engineer', 'offline_access'] },
      issuedAt: new Date((NOW_S - 10) * 1000),
      expiresAt: new Date((NOW_S + 290) * 1000),
    })
  })

  test('is verified once, and again only when it was forgotten', async () => {
    const token = await sign({ ...good, jti: 'once' })
    await verifier.verify(token)
    const before = asked
    await verifier.verify(token)
    expect(asked).toBe(before)
    verifier.forget()
    await verifier.verify(token)
    expect(asked).toBe(before + 1)
  })

  test.each([['JWT'], ['at+jwt'], ['application/at+jwt']])('may call itself %s', async (typ) => {
    await expect(verifier.verify(await sign(good, { ...header, typ }))).resolves.toBeDefined()
  })

  test('may be a minute off', async () => {
    await expect(verifier.verify(await sign({ ...good, exp: NOW_S - 59 }))).resolves.toBeDefined()
    await expect(verifier.verify(await sign({ ...good, nbf: NOW_S + 59 }))).resolves.toBeDefined()
  })
})

describe('where the portal and the API are one client', () => {
  const one = () =>
    createVerifier({
      issuer: () => ISSUER,
      audience: 'one-client',
      clientId: 'one-client',
      clock,
      keys: async () => pair.publicKey,
      identityOf: (claims) => foreignIdentity(claims, ISSUER, mapping),
    })
  const { aud: _aud, ...bare } = good

  test.each<[string, JWTPayload]>([
    ['with that audience (Entra)', { ...bare, aud: 'one-client', scp: 'access' }],
    [
      'that only says whom it was given to (Cognito)',
      {
        ...bare,
        client_id: 'one-client',
        token_use: 'access',
      },
    ],
  ])('an access token %s is taken', async (_title, claims) => {
    await expect(one().verify(await sign(claims))).resolves.toMatchObject({ subject: 'f0f1' })
  })

  test.each<[string, JWTPayload]>([
    ['with a nonce', { nonce: 'n' }],
    ['with a hash of the access token', { at_hash: 'h' }],
    ['that says so', { token_use: 'id' }],
  ])('an ID token %s is refused', async (_title, more) => {
    const token = await sign({ ...bare, aud: 'one-client', ...more })
    await expect(one().verify(token)).rejects.toMatchObject({ code: 'registry.unauthenticated' })
  })
})

describe('refused is', () => {
  test.each<[string, JWTPayload]>([
    ['one that has expired', { ...good, exp: NOW_S - 61 }],
    ['one of the future', { ...good, nbf: NOW_S + 61 }],
    ['one without an end', { iss: ISSUER, sub: 'f0f1', aud: 'pulse-api', iat: NOW_S }],
    ['one of another issuer', { ...good, iss: 'https://evil.test' }],
    ['one of an issuer that looks alike', { ...good, iss: `${ISSUER}/` }],
    ['one for another audience', { ...good, aud: 'account' }],
    ['an ID token, which is for the portal', { ...good, aud: 'pulse-portal', nonce: 'n' }],
    [
      'one that was given to the portal, for nobody',
      {
        iss: ISSUER,
        sub: 'f0f1',
        iat: NOW_S,
        exp: NOW_S + 60,
        client_id: 'pulse-portal',
      },
    ],
    ['one for nobody', { iss: ISSUER, sub: 'f0f1', iat: NOW_S, exp: NOW_S + 60 }],
    ['one without a subject', { iss: ISSUER, aud: 'pulse-api', iat: NOW_S, exp: NOW_S + 60 }],
    ['one with an empty subject', { ...good, sub: '' }],
    ['one whose subject no database takes', { ...good, sub: 'a\0b' }],
  ])('%s', async (_title, claims) => refused(await sign(claims)))

  test.each(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'id+jwt'])('a %s', async (typ) =>
    refused(await sign(good, { ...header, typ })),
  )

  test('one that nobody signed', async () => {
    await refused(new UnsecuredJWT(good).encode())
    const [, payload] = (await sign()).split('.')
    const none = base64url.encode(JSON.stringify({ alg: 'none', kid: 'k1' }))
    await refused(`${none}.${payload}.`)
  })

  test('one signed with the public key as a shared secret', async () => {
    const secret = new TextEncoder().encode(await exportSPKI(pair.publicKey))
    await refused(
      await new SignJWT(good).setProtectedHeader({ ...header, alg: 'HS256' }).sign(secret),
    )
  })

  test('one whose key the issuer does not have, even if the token brings it', async () => {
    const other = await generateKeyPair('RS256', { extractable: true })
    const jwk = await exportJWK(other.publicKey)
    for (const head of [header, { ...header, kid: 'k2' }, { ...header, jwk }]) {
      await refused(await new SignJWT(good).setProtectedHeader(head).sign(other.privateKey))
    }
  })

  test('one that was changed after it was signed', async () => {
    const [head, , signature] = (await sign()).split('.')
    const forged = base64url.encode(JSON.stringify({ ...good, sub: 'admin' }))
    await refused(`${head}.${forged}.${signature}`)
  })

  test.each(['', 'x', 'a.b.c', 'pulse_d_x_y', '..', 'e'.repeat(20_000)])(
    'what is no token: %#',
    (text) => refused(text),
  )

  test('one that was good, when it has expired', async () => {
    const local = manualClock(NOW_S * 1000)
    const own = createVerifier({
      issuer: () => ISSUER,
      audience: 'pulse-api',
      clientId: 'pulse-portal',
      clock: local,
      keys: async () => pair.publicKey,
      identityOf: (claims) => foreignIdentity(claims, ISSUER, mapping),
    })
    const token = await sign()
    await expect(own.verify(token)).resolves.toBeDefined()
    local.advance(291_000)
    await expect(own.verify(token)).resolves.toBeDefined()
    local.advance(60_000)
    await expect(own.verify(token)).rejects.toMatchObject({ code: 'registry.unauthenticated' })
  })
})
