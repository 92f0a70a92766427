import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ManualClock, manualClock } from '#platform'
import {
  ISSUER,
  type TestDatabase,
  type TestTokens,
  testDatabase,
  testTokens,
} from '../testing/index.ts'
import type { Act } from './act.ts'
import type { Identity } from './identity.ts'
import { isForeign, takeClaims } from './people-claims.ts'
import type { Registry } from './registry.ts'
import { auditOf, grantBy, requestOf, roleIn, somebody } from './test-people.ts'
import { startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
let clock: ManualClock
let tokens: TestTokens
let subject: string
let drawn = 0

beforeAll(async () => {
  db = await testDatabase()
  clock = manualClock(startMs)
  tokens = testTokens(startMs)
  const deps = { identity: tokens, operatorRole: 'pulse-operator' }
  ;({ registry, demo, other } = await testRegistry(db, clock, deps))
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})
beforeEach(() => {
  subject = `subject-${drawn++}`
})

/** What Pulse makes of a token by which the issuer claims this, issued `afterS` after the start. */
async function arrive(
  tenants: readonly string[],
  roles: readonly string[],
  more: Partial<Identity> & { readonly afterS?: number } = {},
) {
  const { afterS = 0, ...facts } = more
  const issuedAt = new Date(startMs + afterS * 1000)
  const bearer = tokens.issue({ subject, issuedAt, claimed: { tenants, roles }, ...facts })
  const principal = await registry.people.authenticate(requestOf(bearer))
  if (!principal) throw new Error('nobody')
  return principal
}

const joined = ['registry.person-joined', 'registry.member-changed', 'registry.member-removed']
const auditOfPerson = async (tenant: number, id: string) =>
  (await auditOf(db, tenant, ...joined)).filter((row) => row['subject'] === `person:${id}`)

describe('a person of another issuer', () => {
  test('is made at their first token, and is the same with the next', async () => {
    const first = await arrive(['demo'], ['engineer'])
    expect(first).toMatchObject({ kind: 'person', name: 'Ada L.', operator: false })
    expect(roleIn(first, 'demo')).toBe('engineer')
    const second = await arrive(['demo'], ['engineer'], { session: 'another', afterS: 9 })
    expect(second.id).toBe(first.id)
    expect(await auditOfPerson(demo.tenant, first.id)).toMatchObject([
      {
        kind: 'system',
        actor: ISSUER,
        action: 'registry.person-joined',
        after: { role: 'engineer', source: 'claims' },
      },
    ])
  })

  test('is made once when their first tokens come together', async () => {
    const all = await Promise.all(
      [1, 2, 3, 4].map((each) => arrive(['demo'], ['viewer'], { session: `at-once-${each}` })),
    )
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect(all.map((each) => roleIn(each, 'demo'))).toEqual(all.map(() => 'viewer'))
    expect(await auditOfPerson(demo.tenant, all[0]?.id ?? '')).toHaveLength(1)
  })

  test('whose issuer claims nothing that is here belongs nowhere, and may ask who they are', async () => {
    const principal = await arrive(['no-such-tenant', 'Not A Key\0'], ['admin'])
    expect(principal.tenants).toEqual([])
    expect(registry.people.session(principal)).toMatchObject({ operator: false, tenants: [] })
  })

  test('belongs to no tenant for an unknown role', async () => {
    expect((await arrive(['demo'], ['overlord', 'ADMIN', '__proto__'])).tenants).toEqual([])
  })

  test('has the strongest of the built-in roles that are claimed, in each tenant', async () => {
    const principal = await arrive(['demo', 'other'], ['viewer', 'engineer', 'technician'])
    expect(roleIn(principal, 'demo')).toBe('engineer')
    expect(roleIn(principal, 'other')).toBe('engineer')
  })

  test('has a role that names its tenant there only', async () => {
    const principal = await arrive(['demo', 'other'], ['demo/admin', 'viewer'])
    expect(roleIn(principal, 'demo')).toBe('admin')
    expect(roleIn(principal, 'other')).toBe('viewer')
  })

  test('may be claimed a role that the tenant made', async () => {
    const draft = { name: 'Night watch', permissions: ['alert.read', 'alert.write'] } as const
    const grant = grantBy(demo, 'pe_x')
    await registry.roles.put(grant, 'night-watch', {
      ...draft,
      permissions: [...draft.permissions],
    })
    const principal = await arrive(['demo'], ['night-watch'])
    expect([...(principal.tenants[0]?.permissions ?? [])].sort()).toEqual(draft.permissions)
  })

  test('is not taken for somebody here who has the same name or address', async () => {
    const facts = { role: 'admin', name: 'eve', email: 'eve@acme.example' } as const
    const { id } = await somebody({ registry, tokens }, demo, facts)
    for (const emailVerified of [false, true]) {
      subject = `eve-${emailVerified}`
      const more = { username: 'eve', email: 'eve@acme.example', emailVerified }
      const principal = await arrive([], [], more)
      expect(principal.id).not.toBe(id)
      expect(principal.tenants).toEqual([])
    }
  })
})

describe('when the claims of a person change', () => {
  test('their role follows, their membership ends, and each is audited', async () => {
    const { id } = await arrive(['demo'], ['viewer'])
    expect(roleIn(await arrive(['demo'], ['admin'], { afterS: 60 }), 'demo')).toBe('admin')
    const moved = await arrive(['other'], ['technician'], { afterS: 120 })
    expect(roleIn(moved, 'demo')).toBeUndefined()
    expect(roleIn(moved, 'other')).toBe('technician')
    expect(await auditOfPerson(demo.tenant, id)).toMatchObject([
      { action: 'registry.person-joined', after: { role: 'viewer' } },
      { action: 'registry.member-changed', before: { role: 'viewer' }, after: { role: 'admin' } },
      { action: 'registry.member-removed', before: { role: 'admin' }, after: null },
    ])
    expect(await auditOfPerson(other.tenant, id)).toMatchObject([
      { action: 'registry.person-joined', after: { role: 'technician' } },
    ])
  })

  test('a token that was issued before does not bring the old ones back', async () => {
    await arrive(['demo'], ['admin'], { afterS: 10 })
    await arrive(['demo'], ['viewer'], { afterS: 20, session: 'later' })
    expect(roleIn(await arrive(['demo'], ['admin'], { afterS: 10 }), 'demo')).toBe('viewer')
    expect(roleIn(await arrive(['demo'], ['admin'], { afterS: 20 }), 'demo')).toBe('viewer')
  })

  test('a token that was overtaken while it was looked at changes nothing', async () => {
    await arrive(['demo'], ['viewer'], { afterS: 60 })
    const issuedAt = new Date(startMs + 30_000)
    const bearer = tokens.issue({
      subject,
      issuedAt,
      claimed: { tenants: ['demo'], roles: ['admin'] },
    })
    const late = await tokens.verify(bearer)
    if (!isForeign(late)) throw new Error('of our own')
    await takeClaims({ app: db.as('pulse_app'), clock, operatorRole: undefined }, late)
    registry.people.forget()
    expect(roleIn(await arrive(['demo'], ['viewer'], { afterS: 60 }), 'demo')).toBe('viewer')
  })

  test('the last admin goes too: there the issuer decides', async () => {
    const { id: lone } = await registry.tenants.createTenant({ key: 'lone', name: 'L' }, demo.actor)
    await arrive(['lone'], ['admin'])
    expect(roleIn(await arrive(['lone'], ['viewer'], { afterS: 60 }), 'lone')).toBe('viewer')
    expect(await registry.people.members(lone)).toMatchObject([{ role: 'viewer' }])
  })

  test('a role that was given here stays', async () => {
    const { id } = await arrive([], [])
    await db.superuser()`
      insert into registry.membership (tenant, person, role, source)
      values (${demo.tenant}, ${id}, 'engineer', 'invited')`
    expect(roleIn(await arrive(['demo'], ['viewer'], { afterS: 60 }), 'demo')).toBe('engineer')
    expect(roleIn(await arrive([], [], { afterS: 120 }), 'demo')).toBe('engineer')
  })

  test('one who was deactivated here stays so', async () => {
    const { id } = await arrive(['demo'], ['viewer'])
    await registry.members.change(grantBy(demo, 'pe_x'), id, { active: false })
    expect((await arrive(['demo'], ['engineer'], { afterS: 60 })).tenants).toEqual([])
  })

  test('their name and address follow', async () => {
    const { id } = await arrive(['demo'], ['viewer'], { name: 'Ada L.' })
    await arrive(['demo'], ['viewer'], {
      name: 'Ada King',
      email: 'ADA@acme.example',
      afterS: 60,
    })
    const members = await registry.members.list(demo.tenant, id)
    expect(members.find(({ person }) => person === id)).toMatchObject({
      name: 'Ada King',
      email: 'ada@acme.example',
      source: 'claims',
      self: true,
    })
  })

  test('a tenant that came later is found within ten minutes', async () => {
    expect((await arrive(['late'], ['viewer'])).tenants).toEqual([])
    await registry.tenants.createTenant({ key: 'late', name: 'Late' }, demo.actor)
    expect((await arrive(['late'], ['viewer'], { afterS: 600 })).tenants).toEqual([])
    expect(roleIn(await arrive(['late'], ['viewer'], { afterS: 601 }), 'late')).toBe('viewer')
  })
})

describe('an operator', () => {
  test('is who is claimed the configured role, and nobody by any other', async () => {
    expect(await arrive(['demo'], ['admin', 'operator'])).toMatchObject({ operator: false })
    expect(await arrive([], ['pulse-operator'], { afterS: 60 })).toMatchObject({ operator: true })
    expect(await arrive([], ['viewer'], { afterS: 120 })).toMatchObject({ operator: false })
    // The token of before still says so; what came later counts.
    expect(await arrive([], ['pulse-operator'], { afterS: 60 })).toMatchObject({ operator: false })
  })

  test('stays in a tenant by tokens that say so, and by no other of theirs', async () => {
    const { id } = await arrive([], ['pulse-operator'], { afterS: 60 })
    const act = { ...demo, actor: { kind: 'operator', id, name: 'Op' } } as const
    await registry.enterings.enter(act, { reason: 'they called', minutes: 5, role: 'admin' })
    const staying = await arrive([], ['pulse-operator'], { afterS: 60 })
    expect(roleIn(staying, 'demo')).toBe('admin')
    const plain = await arrive([], ['viewer'], { afterS: 30, session: 'an older one' })
    expect(plain).toMatchObject({ id, operator: false, tenants: [] })
  })

  test('made and ended so is in the log of the platform', async () => {
    const { id } = await arrive([], ['pulse-operator'])
    await arrive([], [], { afterS: 60 })
    const rows = await db.superuser()`
      select action from platform.audit where tenant = 0 and subject = ${`person:${id}`} order by id`
    expect(rows.map(({ action }) => action)).toEqual([
      'registry.person-admitted',
      'registry.operator-made',
      'registry.operator-ended',
    ])
  })

  test('is nobody whose issuer must not say so', async () => {
    const deps = { identity: tokens }
    const twin = await testDatabase()
    try {
      const plain = await testRegistry(twin, clock, deps)
      const bearer = tokens.issue({
        claimed: { tenants: [], roles: ['pulse-operator', 'operator'] },
      })
      const principal = await plain.registry.people.authenticate(requestOf(bearer))
      expect(principal).toMatchObject({ operator: false })
      await plain.registry.close()
    } finally {
      await twin.drop()
    }
  })
})

test('a change and its audit are never apart: what cannot be audited is not done', async () => {
  await db.superuser().unsafe(`
    create function platform.fail() returns trigger language plpgsql as $$
    begin raise exception 'no audit'; end $$;
    create trigger fail before insert on platform.audit for each row
      when (new.action = 'registry.person-joined') execute function platform.fail()`)
  try {
    await expect(arrive(['demo'], ['viewer'])).rejects.toThrow('no audit')
    const rows = await db.superuser()`select from registry.person where subject = ${subject}`
    expect(rows).toHaveLength(0)
  } finally {
    await db
      .superuser()
      .unsafe('drop trigger fail on platform.audit; drop function platform.fail()')
  }
  expect(roleIn(await arrive(['demo'], ['viewer']), 'demo')).toBe('viewer')
})
