import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inTenant, type ManualClock, manualClock } from '#platform'
import { type TestDatabase, type TestTokens, testDatabase, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import type { People } from './people.ts'
import type { Registry } from './registry.ts'
import { requestOf, somebody } from './test-people.ts'
import { startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
let clock: ManualClock
let people: People
let tokens: TestTokens
const from = { address: '203.0.113.7', requestId: 'rq_test' }

beforeAll(async () => {
  db = await testDatabase()
  clock = manualClock(startMs)
  tokens = testTokens(startMs)
  ;({ registry, demo, other } = await testRegistry(db, clock, { identity: tokens }))
  people = registry.people
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

const made = (role: 'viewer' | 'admin' = 'viewer', tenant = demo) =>
  somebody({ registry, tokens }, tenant, { role })
const principalOf = async (bearer: string) => {
  const principal = await people.authenticate(requestOf(bearer))
  if (!principal) throw new Error('nobody')
  return principal
}

describe('a request', () => {
  test('of a person tells who asks, and what they may do in which tenant', async () => {
    const { id, bearer } = await made()
    const principal = await principalOf(bearer)
    expect(principal).toMatchObject({ kind: 'person', id, operator: false })
    expect(principal.tenants).toMatchObject([
      { tenant: demo.tenant, key: 'demo', role: 'viewer', region: 'us-west-2', suspended: false },
    ])
    expect(principal.tenants[0]?.permissions.has('device.read')).toBe(true)
    expect(principal.tenants[0]?.permissions.has('device.write')).toBe(false)
  })

  test('without a bearer is of nobody, and with a wrong one is refused', async () => {
    expect(await people.authenticate(requestOf())).toBeUndefined()
    for (const wrong of ['', 'nonsense', 'pulse_d_abcdefgh_x', 'pulse_k_x_y']) {
      await expect(people.authenticate(requestOf(wrong)), wrong).rejects.toMatchObject({
        code: 'registry.unauthenticated',
      })
    }
  })

  test('of an embedded person who does not exist is refused', async () => {
    const bearer = tokens.issue({ issuer: 'embedded', subject: 'pe_nobody', claimed: undefined })
    await expect(principalOf(bearer)).rejects.toMatchObject({ code: 'registry.unauthenticated' })
  })

  test('of a deactivated person is refused as such', async () => {
    const { id, bearer } = await made()
    await db.superuser()`update registry.person set active = false where id = ${id}`
    await expect(principalOf(bearer)).rejects.toMatchObject({ code: 'registry.deactivated' })
  })

  test('notes when the person was seen in the tenant, behind and once a minute', async () => {
    const { id, bearer } = await made()
    const seen = async () =>
      (await people.members(demo.tenant)).find(({ person }) => person === id)?.lastSeenAt?.getTime()
    await principalOf(bearer)
    await people.flush()
    const first = clock.now()
    expect(await seen()).toBe(first)
    clock.advance(59_000)
    await principalOf(bearer)
    await people.flush()
    expect(await seen()).toBe(first)
    clock.advance(1000)
    await principalOf(bearer)
    await people.flush()
    expect(await seen()).toBe(clock.now())
  })
})

describe('what is remembered of a person', () => {
  test('is at most two seconds old when another process changes it', async () => {
    const { id, bearer } = await made()
    await principalOf(bearer)
    await db.superuser()`update registry.membership set active = false where person = ${id}`
    expect((await principalOf(bearer)).tenants).toHaveLength(1)
    clock.advance(2000)
    expect((await principalOf(bearer)).tenants).toHaveLength(0)
  })

  test('is dropped at once when this process changes it', async () => {
    const { bearer } = await made()
    await principalOf(bearer)
    await registry.life.suspend(demo, 'not paid for')
    expect((await principalOf(bearer)).tenants).toMatchObject([{ suspended: true }])
    await registry.life.resume(demo, 'paid for now')
    expect((await principalOf(bearer)).tenants).toMatchObject([{ suspended: false }])
  })
})

describe('a session', () => {
  test('is told to its person, with when it ends', async () => {
    const { id, bearer } = await made('admin')
    const session = people.session(await principalOf(bearer))
    expect(session).toMatchObject({
      person: { id },
      operator: false,
      tenants: [{ key: 'demo', role: 'admin', suspended: false, entering: null }],
      expiresAt: new Date(startMs + 300_000).toISOString(),
    })
    expect(session.tenants[0]?.permissions).toContain('member.write')
  })

  test('ends at once by signing out, with every token issued for it, and no other session', async () => {
    const { id } = await made()
    const of = { issuer: 'embedded', subject: id, claimed: undefined }
    const issuedAt = new Date(clock.now())
    const one = tokens.issue({ ...of, session: 'one', issuedAt })
    const twin = tokens.issue({ ...of, session: 'one', issuedAt })
    const another = tokens.issue({ ...of, session: 'another', issuedAt })
    await people.endSession(await principalOf(one), from)
    for (const ended of [one, twin]) {
      await expect(principalOf(ended)).rejects.toMatchObject({ code: 'registry.unauthenticated' })
    }
    expect(await principalOf(another)).toMatchObject({ id })
  })

  test('that names no sign-in ends with its own token', async () => {
    const { id } = await made()
    const of = { issuer: 'embedded', subject: id, claimed: undefined, session: undefined }
    const ended = tokens.issue({ ...of, issuedAt: new Date(clock.now()) })
    const later = tokens.issue({ ...of, issuedAt: new Date(clock.now() + 1000) })
    await people.endSession(await principalOf(ended), from)
    await expect(principalOf(ended)).rejects.toMatchObject({ code: 'registry.unauthenticated' })
    expect(await principalOf(later)).toMatchObject({ id })
  })

  test('that has ended is forgotten when its tokens have expired by themselves', async () => {
    const kept = async () => (await db.superuser()`select from registry.ended_session`).length
    await people.endSession(await principalOf((await made()).bearer), from)
    const before = await kept()
    clock.advance(7 * 60_000)
    await people.endSession(await principalOf((await made()).bearer), from)
    expect(before).toBeGreaterThan(0)
    expect(await kept()).toBe(1)
  })
})

describe('an open connection may go on', () => {
  test('until the token that opened it has expired', async () => {
    const { id } = await made()
    const of = { issuer: 'embedded', subject: id, claimed: undefined }
    const principal = await principalOf(tokens.issue({ ...of, issuedAt: new Date(clock.now()) }))
    clock.advance(299_000)
    expect(await people.stillMay(principal, 'demo', 'telemetry.read')).toBe(true)
    clock.advance(1000)
    expect(await people.stillMay(principal, 'demo', 'telemetry.read')).toBe(false)
  })

  test('until the person may not do this there any more', async () => {
    const { id } = await made()
    const of = { issuer: 'embedded', subject: id, claimed: undefined }
    const principal = await principalOf(tokens.issue({ ...of, issuedAt: new Date(clock.now()) }))
    expect(await people.stillMay(principal, 'demo', 'telemetry.read')).toBe(true)
    expect(await people.stillMay(principal, 'demo', 'device.write')).toBe(false)
    expect(await people.stillMay(principal, 'other', 'telemetry.read')).toBe(false)
    await db.superuser()`delete from registry.membership where person = ${id}`
    people.forget()
    expect(await people.stillMay(principal, 'demo', 'telemetry.read')).toBe(false)
  })

  test('until the sign-in has ended', async () => {
    const { id } = await made()
    const of = { issuer: 'embedded', subject: id, claimed: undefined, session: 'open' }
    const principal = await principalOf(tokens.issue({ ...of, issuedAt: new Date(clock.now()) }))
    await people.endSession(principal, from)
    expect(await people.stillMay(principal, 'demo', 'telemetry.read')).toBe(false)
  })
})

describe('an operator', () => {
  test('belongs to no tenant, until they enter one, and for as long as it was said', async () => {
    const facts = { username: 'root', name: 'Root', password: 'correct horse', operator: true }
    const { id } = await people.createPerson(undefined, facts, demo.actor)
    const bearer = tokens.issue({ issuer: 'embedded', subject: id, claimed: undefined })
    expect(await principalOf(bearer)).toMatchObject({ operator: true, tenants: [] })

    const act = { ...demo, actor: { kind: 'operator', id, name: 'Root' } } as const
    await registry.enterings.enter(act, {
      reason: 'a call of theirs',
      minutes: 5,
      role: 'engineer',
    })
    const entered = await principalOf(bearer)
    const until = new Date(clock.now() + 300_000)
    expect(entered.tenants).toMatchObject([
      { key: 'demo', role: 'engineer', entering: { reason: 'a call of theirs', until } },
    ])
    expect(entered.tenants[0]?.permissions.has('rule.write')).toBe(true)
    expect(entered.tenants[0]?.permissions.has('member.write')).toBe(false)
    clock.advance(299_999)
    expect((await principalOf(bearer)).tenants).toHaveLength(1)
    // What is cached is fresh enough, but the time is over.
    clock.advance(1)
    expect((await principalOf(bearer)).tenants).toHaveLength(0)
  })
})

describe('making a person', () => {
  test('keeps the password of one who is there, and lets them into the second tenant', async () => {
    const facts = { username: 'Ada', name: 'Ada L.', password: 'correct horse' }
    const first = await people.createPerson(demo.tenant, { ...facts, role: 'viewer' }, demo.actor)
    const again = {
      username: 'ada',
      name: 'Another',
      password: 'taken over',
      role: 'admin',
    } as const
    expect(await people.createPerson(other.tenant, again, other.actor)).toEqual(first)
    const [account] = await db.superuser()`
      select password_hash as hash from registry.account where person = ${first.id}`
    expect(account?.['hash']).toBe('correct horse')
    expect((await people.members(other.tenant)).map(({ name }) => name)).toEqual(['Ada L.'])
    const bearer = tokens.issue({ issuer: 'embedded', subject: first.id, claimed: undefined })
    expect((await principalOf(bearer)).tenants.map(({ key, role }) => [key, role])).toEqual([
      ['demo', 'viewer'],
      ['other', 'admin'],
    ])
  })
})

const cheap = { N: 2 ** 10, r: 8, p: 1 }

test('a password is checked by the cost that its hash names, and kept with a salt', async () => {
  const [one, two] = await Promise.all([hashPassword('päss', cheap), hashPassword('päss', cheap)])
  expect(one).not.toBe(two)
  expect(await verifyPassword('pa\u0308ss', one)).toBe(true)
  expect(await verifyPassword('Päss', one)).toBe(false)
})

test.each(['pulse_app', 'pulse_pipeline', 'pulse_operator'] as const)(
  '%s can read neither people nor what ended',
  async (role) => {
    const sql = db.as(role)
    for (const table of ['person', 'account', 'ended_session']) {
      await expect(sql.unsafe(`select * from registry.${table}`)).rejects.toMatchObject({
        code: '42501',
      })
    }
  },
)

test.each(['device_token.hash', 'api_key.hash', 'invitation.token_hash'])(
  'pulse_app cannot read %s, what secrets are checked against',
  async (column) => {
    const [table, name] = column.split('.')
    await expect(
      inTenant(db.as('pulse_app'), demo.tenant, (sql) =>
        sql.unsafe(`select ${name} from registry.${table}`),
      ),
    ).rejects.toMatchObject({ code: '42501' })
  },
)
