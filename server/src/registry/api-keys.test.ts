import type { ApiKeyDraft } from '@pulse/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ManualClock, manualClock } from '#platform'
import { type TestDatabase, testDatabase, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import type { Registry } from './registry.ts'
import { auditOf, grantBy, requestOf } from './test-people.ts'
import { startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
let clock: ManualClock
const DAY = 86_400_000

beforeAll(async () => {
  db = await testDatabase()
  clock = manualClock(startMs)
  ;({ registry, demo, other } = await testRegistry(db, clock, { identity: testTokens(startMs) }))
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

const byAdmin = (act = demo) => grantBy(act, 'pe_admin')
const make = (facts: Partial<ApiKeyDraft> & { days?: number } = {}, act = demo) =>
  registry.apiKeys.make(byAdmin(act), {
    name: facts.name ?? 'Billing',
    permissions: facts.permissions ?? ['device.read', 'telemetry.read'],
    expiresAt: facts.expiresAt ?? new Date(clock.now() + (facts.days ?? 30) * DAY).toISOString(),
  })
const ask = (key: string) => registry.people.authenticate(requestOf(key))
const nobody = { code: 'registry.unauthenticated' }

describe('an API key', () => {
  test('is one member of its tenant, with its permissions and no more', async () => {
    const { id, key } = await make()
    const principal = await ask(key)
    expect(principal).toMatchObject({
      kind: 'key',
      id,
      name: 'Billing',
      operator: false,
      tenants: [{ tenant: demo.tenant, key: 'demo', role: 'Billing', suspended: false }],
    })
    expect([...(principal?.tenants[0]?.permissions ?? [])]).toEqual([
      'device.read',
      'telemetry.read',
    ])
  })

  test('is shown once; a hash of it is kept, and the audit says who made it', async () => {
    const { id, key, ...facts } = await make({ name: 'Audited' })
    expect(key).toMatch(/^pulse_k_[0-9a-z]{16}_[\w-]{43}$/)
    const secret = key.slice(-43)
    const kept = await db.superuser()`
      select k::text as text from registry.api_key k union all select a::text from platform.audit a`
    expect(JSON.stringify(kept)).not.toContain(secret)
    const listed = await registry.apiKeys.list(demo.tenant)
    expect(listed.find((each) => each.id === id)).toEqual({ id, ...facts })
    expect((await registry.apiKeys.list(other.tenant)).some((each) => each.id === id)).toBe(false)
    const rows = await auditOf(db, demo.tenant, 'registry.key-made')
    expect(rows.at(-1)).toMatchObject({ actor: 'pe_admin', subject: `key:${id}`, before: null })
  })

  test('is refused when it is wrong, and says no more than for an unknown one', async () => {
    const { key } = await make()
    const wrong = [
      `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`,
      `pulse_k_${'0'.repeat(16)}_${key.slice(-43)}`,
      key.slice(0, -1),
      `${key}x`,
      key.toUpperCase(),
    ]
    for (const each of wrong) await expect(ask(each), each).rejects.toMatchObject(nobody)
  })

  test('ends at its end to the millisecond', async () => {
    const { key } = await make({ days: 1 })
    clock.advance(DAY - 1)
    expect(await ask(key)).toBeDefined()
    clock.advance(1)
    await expect(ask(key)).rejects.toMatchObject(nobody)
  })

  test('ends at once when it is revoked, and open connections with it', async () => {
    const { id, key } = await make()
    const principal = await ask(key)
    if (!principal) throw new Error('nobody')
    expect(await registry.people.stillMay(principal, 'demo', 'telemetry.read')).toBe(true)
    await registry.apiKeys.revoke(byAdmin(), id)
    await registry.apiKeys.revoke(byAdmin(), id)
    await expect(ask(key)).rejects.toMatchObject(nobody)
    expect(await registry.people.stillMay(principal, 'demo', 'telemetry.read')).toBe(false)
    const rows = await auditOf(db, demo.tenant, 'registry.key-revoked')
    expect(rows.filter((row) => row['subject'] === `key:${id}`)).toHaveLength(1)
  })

  test('that another process revoked ends within two seconds', async () => {
    const { id, key } = await make()
    await ask(key)
    await db.superuser()`update registry.api_key set revoked_at = now() where id = ${id}`
    clock.advance(2000)
    await expect(ask(key)).rejects.toMatchObject(nobody)
  })

  test('of another tenant is not revoked', async () => {
    const { id, key } = await make({}, other)
    await expect(registry.apiKeys.revoke(byAdmin(), id)).rejects.toMatchObject({
      code: 'registry.unknown-key',
    })
    expect(await ask(key)).toMatchObject({ tenants: [{ key: 'other' }] })
  })

  test('is a guest of a suspended tenant, and says so', async () => {
    const { key } = await make()
    await registry.life.suspend(demo, 'not paid for')
    expect(await ask(key)).toMatchObject({ tenants: [{ suspended: true }] })
    await registry.life.resume(demo, 'paid for now')
  })

  test('gets nothing that its maker has not', async () => {
    const grant = grantBy(demo, 'pe_x', ['key.write', 'device.read'])
    const expiresAt = new Date(clock.now() + DAY).toISOString()
    const draft = { name: 'Greedy', permissions: ['rule.write' as const], expiresAt }
    await expect(registry.apiKeys.make(grant, draft)).rejects.toMatchObject({
      code: 'registry.beyond-own',
    })
  })

  test('never manages people, roles or keys, whatever its row says', async () => {
    const { id, key } = await make()
    await db.superuser()`
      update registry.api_key
         set permissions = '{device.read,member.write,role.write,key.write,session.own,made.up}'
       where id = ${id}`
    expect([...((await ask(key))?.tenants[0]?.permissions ?? [])]).toEqual(['device.read'])
  })

  test('ends in the future, and at most two years ahead', async () => {
    for (const expiresAt of [clock.now(), clock.now() - 1, clock.now() + 733 * DAY]) {
      await expect(make({ expiresAt: new Date(expiresAt).toISOString() })).rejects.toMatchObject({
        code: 'platform.invalid',
        fields: [{ path: 'expiresAt' }],
      })
    }
    await make({ days: 730 })
  })

  test('notes when it was used, behind and once a minute', async () => {
    const { id, key } = await make()
    const used = async () =>
      (await registry.apiKeys.list(demo.tenant)).find((each) => each.id === id)?.lastUsedAt
    expect(await used()).toBeNull()
    await ask(key)
    const first = new Date(clock.now()).toISOString()
    await registry.apiKeys.flush()
    expect(await used()).toBe(first)
    clock.advance(59_999)
    await ask(key)
    await registry.apiKeys.flush()
    expect(await used()).toBe(first)
  })
})
