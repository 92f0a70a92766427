import { createServer, type Server } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { manualClock, silentLog } from '#platform'
import { foreignIdentity } from './claims.ts'
import { createForeignKeys } from './foreign.ts'
import { testIdentity } from './test-identity.ts'
import { createVerifier, type Verifier } from './verifier.ts'

/** An issuer that can rotate its keys, be away, or lie. */
async function startIssuer(port = 0) {
  const facts = {
    keys: [] as JWK[],
    says: undefined as string | undefined,
    asked: 0,
    status: 200,
    tokens: '',
  }
  let issuer = ''
  const server: Server = createServer((request, response) => {
    facts.asked++
    const body = request.url?.includes('openid-configuration')
      ? {
          issuer: facts.says ?? issuer,
          jwks_uri: `${issuer}/jwks`,
          token_endpoint: facts.tokens || `${issuer}/t`,
        }
      : { keys: facts.keys }
    response.writeHead(facts.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  let drawn = 0
  return {
    facts,
    issuer,
    /** Draws a key and makes it the only one; answers how it signs. */
    async rotate() {
      const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
      const kid = `k${++drawn}`
      facts.keys = [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }]
      return (atMs: number) =>
        new SignJWT({ iss: issuer, sub: 's', aud: 'pulse-api', jti: String(Math.random()) })
          .setIssuedAt(atMs / 1000)
          .setExpirationTime(atMs / 1000 + 3600)
          .setProtectedHeader({ alg: 'ES256', kid })
          .sign(privateKey)
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(resolve)
      }),
  }
}

let running: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()))
  running = []
})

async function begin() {
  const idp = await startIssuer()
  running.push(idp)
  const clock = manualClock(1_800_000_000_000)
  const onFetched = () => verifier.forget()
  const verifier: Verifier = createVerifier({
    issuer: () => idp.issuer,
    audience: 'pulse-api',
    clientId: 'pulse-portal',
    clock,
    keys: createForeignKeys({ issuer: idp.issuer, clock, log: silentLog, onFetched }).get,
    identityOf: (claims) =>
      foreignIdentity(claims, idp.issuer, { tenants: 't', roles: 'r', roleNames: new Map() }),
  })
  return { ...idp, clock, verify: verifier.verify }
}

describe('a foreign issuer', () => {
  test('is asked for its keys once, however many tokens come', async () => {
    const { rotate, verify, clock, facts } = await begin()
    const sign = await rotate()
    const tokens = await Promise.all(Array.from({ length: 5 }, () => sign(clock.now())))
    await Promise.all(tokens.map(verify))
    expect(facts.asked).toBe(2)
  })

  test('may rotate its keys: the new one is known at once, the old one no more', async () => {
    const { rotate, verify, clock } = await begin()
    const old = await rotate()
    const token = await old(clock.now())
    await verify(token)
    const young = await rotate()
    await expect(verify(await young(clock.now()))).resolves.toBeDefined()
    for (const stale of [token, await old(clock.now())]) {
      await expect(verify(stale)).rejects.toMatchObject({ code: 'registry.unauthenticated' })
    }
  })

  test('is asked once by all the requests that bring the first tokens of a new key', async () => {
    const { rotate, verify, clock, facts } = await begin()
    const old = await rotate()
    await verify(await old(clock.now()))
    const young = await rotate()
    const before = facts.asked
    const tokens = await Promise.all(Array.from({ length: 5 }, () => young(clock.now())))
    await expect(Promise.all(tokens.map(verify))).resolves.toHaveLength(5)
    expect(facts.asked).toBe(before + 2)
  })

  test('is not asked again and again for keys that somebody makes up', async () => {
    const { rotate, verify, clock, facts } = await begin()
    const sign = await rotate()
    await verify(await sign(clock.now()))
    const forged = await rotate()
    facts.keys = []
    const before = facts.asked
    for (let tries = 0; tries < 5; tries++) {
      const token = await forged(clock.now())
      await expect(verify(token)).rejects.toMatchObject({ code: 'registry.unauthenticated' })
    }
    expect(facts.asked).toBe(before + 2)
    clock.advance(10_000)
    await expect(verify(await forged(clock.now()))).rejects.toMatchObject({
      code: 'registry.unauthenticated',
    })
    expect(facts.asked).toBe(before + 4)
  })

  test('that has taken a key back is believed within ten minutes', async () => {
    const { rotate, verify, clock } = await begin()
    const stolen = await rotate()
    await verify(await stolen(clock.now()))
    await rotate()
    clock.advance(10 * 60_000 + 1)
    await expect(verify(await stolen(clock.now()))).rejects.toMatchObject({
      code: 'registry.unauthenticated',
    })
  })

  test('may be away: what is known stays good, what is not is to be tried again', async () => {
    const { rotate, verify, clock, facts } = await begin()
    const sign = await rotate()
    await verify(await sign(clock.now()))
    const unknown = await rotate()
    facts.status = 503
    clock.advance(30 * 60_000)
    await expect(verify(await sign(clock.now()))).resolves.toBeDefined()
    clock.advance(10_000)
    await expect(verify(await unknown(clock.now()))).rejects.toMatchObject({
      code: 'platform.unavailable',
      retryAfterS: 5,
    })
    facts.status = 200
    clock.advance(10_000)
    await expect(verify(await unknown(clock.now()))).resolves.toBeDefined()
  })

  test('that was away from the start is asked again with the next token', async () => {
    const { rotate, verify, clock, facts } = await begin()
    const sign = await rotate()
    facts.status = 503
    const token = await sign(clock.now())
    await expect(verify(token)).rejects.toMatchObject({ code: 'platform.unavailable' })
    facts.status = 200
    await expect(verify(token)).resolves.toBeDefined()
  })

  test('whose discovery document is of another issuer is not believed', async () => {
    const { rotate, verify, clock, facts } = await begin()
    const sign = await rotate()
    facts.says = 'https://evil.test'
    await expect(verify(await sign(clock.now()))).rejects.toMatchObject({
      code: 'platform.unavailable',
    })
  })
})

test('the service tells the portal where to ask a foreign issuer for tokens', async () => {
  const idp = await startIssuer()
  running.push(idp)
  idp.facts.tokens = 'https://tokens.idp.test/t'
  const pulse = await testIdentity({
    foreign: {
      url: idp.issuer,
      scope: 'openid',
      mapping: { tenants: 't', roles: 'r', roleNames: new Map() },
    },
  })
  running.push({ stop: pulse.close })
  expect(pulse.service.connectsTo()).toEqual([idp.issuer])
  expect(pulse.service.signInFacts()).toMatchObject({ issuer: idp.issuer, embedded: false })
  pulse.service.start()
  await vi.waitFor(() =>
    expect(pulse.service.connectsTo()).toEqual([idp.issuer, 'https://tokens.idp.test']),
  )
  expect((await fetch(`${pulse.origin}/auth/jwks`)).status).toBe(404)
})
