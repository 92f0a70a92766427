import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inTenant, type ManualClock, manualClock } from '#platform'
import { type TestDatabase, type TestTokens, testDatabase, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import type { Registry } from './registry.ts'
import { auditOf, grantBy, requestOf, roleIn, somebody } from './test-people.ts'
import { startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
let clock: ManualClock
let tokens: TestTokens
let boss: string
let drawn = 0

beforeAll(async () => {
  db = await testDatabase()
  clock = manualClock(startMs)
  tokens = testTokens(startMs)
  ;({ registry, demo, other } = await testRegistry(db, clock, { identity: tokens }))
  boss = (await made('admin', 'boss')).id
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

const made = (role: 'viewer' | 'technician' | 'engineer' | 'admin', name?: string, act = demo) =>
  somebody({ registry, tokens }, act, { role, ...(name === undefined ? {} : { name }) })
const byBoss = () => grantBy(demo, boss)
const principalOf = (bearer: string) => registry.people.authenticate(requestOf(bearer))

/** A tenant of its own, with so many admins. */
async function tenantWith(admins: number) {
  const key = `fresh-${drawn++}`
  const { id: tenant } = await registry.tenants.createTenant({ key, name: key }, demo.actor)
  const act = { tenant, actor: demo.actor }
  const people = []
  for (let each = 0; each < admins; each++) people.push(await made('admin', `${key}-${each}`, act))
  return { act, key, people }
}
const activeAdmins = async (tenant: number) =>
  (await registry.members.list(tenant, '')).filter(({ role, active }) => role === 'admin' && active)

describe('the people of a tenant', () => {
  test('are listed with what a fellow may know, and nobody of another tenant', async () => {
    const { id } = await made('viewer', 'listed')
    const stranger = await made('admin', 'stranger', other)
    const members = await registry.members.list(demo.tenant, id)
    expect(members.find(({ person }) => person === id)).toEqual({
      person: id,
      username: 'listed',
      name: 'listed',
      email: null,
      role: 'viewer',
      active: true,
      source: 'made',
      joinedAt: expect.any(String),
      lastSeenAt: null,
      self: true,
    })
    expect(members.some(({ person }) => person === stranger.id)).toBe(false)
  })

  test('get another role at once, audited with who, what and from where', async () => {
    const { id, bearer } = await made('viewer')
    await principalOf(bearer)
    await registry.members.change(byBoss(), id, { role: 'engineer' })
    expect(roleIn(await principalOf(bearer), 'demo')).toBe('engineer')
    const rows = await auditOf(db, demo.tenant, 'registry.member-changed')
    expect(rows.at(-1)).toEqual({
      kind: 'person',
      actor: boss,
      action: 'registry.member-changed',
      subject: `person:${id}`,
      before: { role: 'viewer', active: true },
      after: { role: 'engineer', active: true },
      requestId: 'rq_test',
      address: '203.0.113.7',
    })
    const events = await inTenant(
      db.as('pulse_app'),
      demo.tenant,
      (sql) => sql`select data from platform.outbox where subject = ${`person:${id}`}`,
    )
    expect(events).toContainEqual({ data: { person: id } })
  })

  test('are let go at once: their open connections may not go on', async () => {
    for (const how of ['deactivate', 'remove'] as const) {
      const { id, bearer } = await made('engineer')
      const open = await principalOf(bearer)
      if (!open) throw new Error('nobody')
      expect(await registry.people.stillMay(open, 'demo', 'telemetry.read')).toBe(true)
      if (how === 'remove') await registry.members.remove(byBoss(), id)
      else await registry.members.change(byBoss(), id, { active: false })
      expect(await registry.people.stillMay(open, 'demo', 'telemetry.read'), how).toBe(false)
      expect((await principalOf(bearer))?.tenants, how).toEqual([])
    }
  })

  test('who were deactivated come back with the role that they had', async () => {
    const { id, bearer } = await made('technician')
    await registry.members.change(byBoss(), id, { active: false })
    expect(await registry.members.change(byBoss(), id, { active: true })).toMatchObject({
      role: 'technician',
      active: true,
    })
    expect(roleIn(await principalOf(bearer), 'demo')).toBe('technician')
  })

  test('of another tenant are nobody here', async () => {
    const { id, bearer } = await made('viewer', 'out-of-reach', other)
    const unknown = { code: 'registry.unknown-member' }
    const change = registry.members.change(byBoss(), id, { role: 'admin' })
    await expect(change).rejects.toMatchObject(unknown)
    await expect(registry.members.remove(byBoss(), id)).rejects.toMatchObject(unknown)
    expect(roleIn(await principalOf(bearer), 'other')).toBe('viewer')
  })

  test('get no role that does not exist, or that another tenant made', async () => {
    const draft = { name: 'Theirs', permissions: ['alert.read' as const] }
    await registry.roles.put(grantBy(other, 'pe_x'), 'their-role', draft)
    const { id } = await made('viewer')
    for (const role of ['no-such-role', 'their-role', 'constructor']) {
      await expect(registry.members.change(byBoss(), id, { role })).rejects.toMatchObject({
        code: 'registry.unknown-role',
      })
    }
  })

  test('are not changed, and nothing is audited, when nothing would change', async () => {
    const { id } = await made('viewer')
    const before = (await auditOf(db, demo.tenant, 'registry.member-changed')).length
    await registry.members.change(byBoss(), id, { role: 'viewer', active: true })
    await registry.members.change(byBoss(), id, {})
    expect(await auditOf(db, demo.tenant, 'registry.member-changed')).toHaveLength(before)
  })
})

describe('nobody grants what they do not have', () => {
  const manager = () => grantBy(demo, 'pe_manager', ['member.read', 'member.write', 'device.read'])

  test('by giving a role that may do more', async () => {
    const { id } = await made('viewer')
    await db.superuser()`update registry.membership set role = 'reader' where person = ${id}`
    const draft = { name: 'Reader', permissions: ['device.read' as const] }
    await registry.roles.put(byBoss(), 'reader', draft)
    for (const role of ['viewer', 'admin']) {
      await expect(registry.members.change(manager(), id, { role })).rejects.toMatchObject({
        code: 'registry.beyond-own',
      })
    }
    // Also not to themselves.
    const self = { ...manager(), actor: { kind: 'person', id } as const }
    await expect(registry.members.change(self, id, { role: 'admin' })).rejects.toMatchObject({
      code: 'registry.beyond-own',
    })
    expect(await registry.members.change(manager(), id, { active: false })).toMatchObject({
      active: false,
    })
  })

  test('nor changes, deactivates or removes who may do more', async () => {
    const { id } = await made('engineer')
    const beyond = { code: 'registry.beyond-own' }
    for (const change of [{ role: 'reader' }, { active: false }]) {
      await expect(registry.members.change(manager(), id, change)).rejects.toMatchObject(beyond)
    }
    await expect(registry.members.remove(manager(), id)).rejects.toMatchObject(beyond)
  })
})

describe('the last admin', () => {
  const last = { code: 'registry.last-admin' }

  test('is not demoted, deactivated or removed, not by themselves either', async () => {
    const { act, people } = await tenantWith(1)
    const [{ id } = { id: '' }] = people
    const grant = grantBy(act, id)
    const { change, remove } = registry.members
    await expect(change(grant, id, { role: 'engineer' })).rejects.toMatchObject(last)
    await expect(change(grant, id, { active: false })).rejects.toMatchObject(last)
    await expect(remove(grant, id)).rejects.toMatchObject(last)
    expect(await activeAdmins(act.tenant)).toHaveLength(1)
    expect(await auditOf(db, act.tenant, 'registry.member-changed')).toEqual([])
  })

  test('is who is left when the others are deactivated, here or everywhere', async () => {
    const { act, people } = await tenantWith(3)
    const [one, two, three] = people.map(({ id }) => id) as [string, string, string]
    await registry.members.change(grantBy(act, one), two, { active: false })
    await db.superuser()`update registry.person set active = false where id = ${three}`
    const demote = registry.members.change(grantBy(act, one), one, { role: 'viewer' })
    await expect(demote).rejects.toMatchObject(last)
  })

  test('may go when somebody else has a role of the tenant’s own with member.write', async () => {
    const { act, people } = await tenantWith(1)
    const [{ id } = { id: '' }] = people
    const draft = { name: 'People', permissions: ['member.write' as const, 'member.read' as const] }
    await registry.roles.put(grantBy(act, id), 'people', draft)
    const deputy = await made('viewer', `deputy-${act.tenant}`, act)
    await registry.members.change(grantBy(act, id), deputy.id, { role: 'people' })
    expect(await registry.members.change(grantBy(act, id), id, { role: 'viewer' })).toMatchObject({
      role: 'viewer',
    })
    const less = { name: 'People', permissions: ['member.read' as const] }
    const take = registry.roles.put(grantBy(act, deputy.id), 'people', less)
    await expect(take).rejects.toMatchObject(last)
  })

  test('stays when two admins demote each other at once, again and again', async () => {
    for (let round = 0; round < 10; round++) {
      const { act, people } = await tenantWith(2)
      const [one, two] = people.map(({ id }) => id) as [string, string]
      const outcomes = await Promise.allSettled([
        registry.members.change(grantBy(act, one), two, { role: 'viewer' }),
        registry.members.change(grantBy(act, two), one, { role: 'viewer' }),
      ])
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(await activeAdmins(act.tenant)).toHaveLength(1)
    }
  })

  test('stays when one is removed while the other is deactivated', async () => {
    const { act, people } = await tenantWith(2)
    const [one, two] = people.map(({ id }) => id) as [string, string]
    await Promise.allSettled([
      registry.members.remove(grantBy(act, one), two),
      registry.members.change(grantBy(act, two), one, { active: false }),
    ])
    expect(await activeAdmins(act.tenant)).toHaveLength(1)
  })
})

describe('a person whose role their issuer claims', () => {
  const claimed = async () => {
    const facts = {
      subject: `claimed-${drawn++}`,
      claimed: { tenants: ['demo'], roles: ['viewer'] },
    }
    const principal = await principalOf(tokens.issue(facts))
    return principal?.id ?? ''
  }

  test('gets no other here and is not removed, but can be deactivated', async () => {
    const id = await claimed()
    const refused = { code: 'registry.claimed-role' }
    const change = registry.members.change(byBoss(), id, { role: 'engineer' })
    await expect(change).rejects.toMatchObject(refused)
    await expect(registry.members.remove(byBoss(), id)).rejects.toMatchObject(refused)
    expect(await registry.members.change(byBoss(), id, { active: false })).toMatchObject({
      source: 'claims',
      active: false,
    })
  })
})
