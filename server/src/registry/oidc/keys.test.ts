import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ManualClock, manualClock, silentLog } from '#platform'
import { signInByForm } from '../../testing/sign-in.ts'
import { createKeyRing, RETIRED_FOR_MS } from './keys.ts'
import { type TestIdentity, type TestPerson, testIdentity } from './test-identity.ts'

const DAY_MS = 86_400_000

let pulse: TestIdentity
let ada: TestPerson
let clock: ManualClock

beforeAll(async () => {
  clock = manualClock(Date.now())
  pulse = await testIdentity({ clock })
  ada = await pulse.person('ada')
})
afterAll(() => pulse?.close())

const accessToken = async () => (await signInByForm({ origin: pulse.origin, ...ada })).accessToken
const kidOf = (token: string) => decodeProtectedHeader(token).kid
const shown = async () => {
  const answer = await fetch(`${pulse.origin}/auth/jwks`)
  const { keys } = (await answer.json()) as { keys: Record<string, unknown>[] }
  return keys
}

describe('the keys of the provider', () => {
  test('are shown without their private part, and kept sealed', async () => {
    await accessToken()
    for (const key of await shown()) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
      expect(key).not.toHaveProperty('d')
    }
    const rows = await pulse.db.superuser()<{ sealed: string; public: object | null }[]>`
      select sealed, public from registry.oidc_key`
    expect(rows.length).toBe(2)
    for (const { sealed, public: open } of rows) {
      expect(sealed).toMatch(/^v1\./)
      expect(JSON.stringify(open)).not.toContain('"d"')
    }
  })

  test('are rotated by command: the new one signs, tokens of the old one stay good', async () => {
    const old = await accessToken()
    await pulse.service.rotateKeys()
    const young = await accessToken()
    expect(kidOf(young)).not.toBe(kidOf(old))
    await expect(pulse.service.verify(old)).resolves.toBeDefined()
    expect((await shown()).map(({ kid }) => kid)).toEqual([kidOf(young), kidOf(old)])
    const told = await pulse.db.superuser()`
      select subject, after from platform.audit
       where tenant = 0 and action = 'registry.sign-in-key-made'`
    expect(told).toContainEqual({ subject: `sign-in-key:${kidOf(young)}`, after: { use: 'token' } })
  })

  test('are refused at once when they are revoked', async () => {
    const stolen = await accessToken()
    const other = createKeyRing({
      app: pulse.db.as('pulse_app'),
      clock,
      vault: pulse.vault,
      log: silentLog,
    })
    const { signing, accepted } = await other.rotate({ revoke: true })
    expect([signing.length, accepted.length]).toEqual([1, 1])
    await expect(pulse.service.verify(stolen)).resolves.toBeDefined()
    clock.advance(60_000)
    await expect(pulse.service.verify(stolen)).rejects.toMatchObject({
      code: 'registry.unauthenticated',
    })
    await expect(pulse.service.verify(await accessToken())).resolves.toBeDefined()
  })

  test('are refused when the last token that they signed has expired', async () => {
    const old = await accessToken()
    await pulse.service.rotateKeys()
    // A thief of the old key makes tokens that last.
    clock.advance(RETIRED_FOR_MS - 1000)
    expect((await shown()).map(({ kid }) => kid)).toContain(kidOf(old))
    clock.advance(2000)
    expect((await shown()).map(({ kid }) => kid)).not.toContain(kidOf(old))
    await expect(pulse.service.verify(old)).rejects.toMatchObject({
      code: 'registry.unauthenticated',
    })
  })

  test('are rotated by themselves after thirty days', async () => {
    const old = kidOf(await accessToken())
    clock.advance(29 * DAY_MS)
    expect(kidOf(await accessToken())).toBe(old)
    clock.advance(DAY_MS + 1000)
    expect(kidOf(await accessToken())).not.toBe(old)
  })

  test('that another process rotated are known with the first token that bears them', async () => {
    await accessToken()
    const other = createKeyRing({
      app: pulse.db.as('pulse_app'),
      clock,
      vault: pulse.vault,
      log: silentLog,
    })
    const before = await other.current()
    await pulse.service.rotateKeys()
    const young = kidOf(await accessToken())
    expect((await other.current()).version).toBe(before.version)
    clock.advance(5000)
    expect((await other.look()).accepted[0]?.kid).toBe(young)
  })

  test('that do not open any more, since the master key was lost, are replaced', async () => {
    const before = kidOf(await accessToken())
    await pulse.db.superuser()`update registry.oidc_key set sealed = 'v1.1.AAAA.AAAA.AAAA'`
    clock.advance(60_000)
    const after = await accessToken()
    expect(kidOf(after)).not.toBe(before)
    await expect(pulse.service.verify(after)).resolves.toBeDefined()
  })

  test('are made once when two processes start at the same time', async () => {
    const other = await testIdentity()
    try {
      const rings = [1, 2, 3].map(() =>
        createKeyRing({ app: other.db.as('pulse_app'), clock, vault: other.vault, log: silentLog }),
      )
      const sets = await Promise.all(rings.map((ring) => ring.current()))
      expect(new Set(sets.map(({ version }) => version)).size).toBe(1)
    } finally {
      await other.close()
    }
  })
})
