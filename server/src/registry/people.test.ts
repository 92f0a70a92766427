import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FastifyRequest, inTenant, type ManualClock, manualClock } from '#platform'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import type { Act } from './act.ts'
import { hashPassword, passwordCost, verifyPassword } from './passwords.ts'
import { createPeople, type People } from './people.ts'
import type { Registry } from './registry.ts'
import { cheap, startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
let clock: ManualClock
let people: People
const hour = 3_600_000
const password = 'correct horse'
const address = '203.0.113.7'

beforeAll(async () => {
  db = await testDatabase()
  clock = manualClock(startMs)
  ;({ registry, demo, other } = await testRegistry(db, clock))
  people = registry.people
  await people.createPerson(
    demo.tenant,
    { username: 'Ada', name: 'Ada L.', password, role: 'viewer' },
    demo.actor,
  )
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

const signIn = (username = 'ada', secret = password) =>
  people.signIn({ username, password: secret, address })
const request = (authorization?: string) => ({ headers: { authorization } }) as FastifyRequest

describe('signing in', () => {
  test('gives a session with what the person may do, whatever the case of the name', async () => {
    const session = await signIn('ADA')
    expect(session).toMatchObject({
      person: { name: 'Ada L.', username: 'ada' },
      tenants: [{ key: 'demo', role: 'viewer', region: 'us-west-2' }],
      expiresAt: new Date(startMs + 12 * hour).toISOString(),
    })
    expect(session.token).toMatch(/^pulse_s_[\w-]{43}$/)
    expect(session.tenants[0]?.permissions).toContain('device.read')
    expect(session.tenants[0]?.permissions).not.toContain('device.write')
  })

  test('refuses a wrong password and an unknown name alike', async () => {
    const refusals = await Promise.all(
      [signIn('ada', 'wrong'), signIn('nobody')].map((each) =>
        each.catch((error: unknown) => error),
      ),
    )
    expect(refusals[0]).toMatchObject({ code: 'registry.wrong-password' })
    expect(refusals[1]).toMatchObject({
      code: 'registry.wrong-password',
      message: (refusals[0] as Error).message,
    })
  })

  test('spends as much on an unknown name as on a known one', async () => {
    const spent = async (work: Promise<unknown>) => {
      const begun = process.cpuUsage()
      await work.catch(() => {})
      const { user, system } = process.cpuUsage(begun)
      return user + system
    }
    const dear = createPeople({ app: db.as('pulse_app'), clock, passwordCost })
    await dear.createPerson(
      demo.tenant,
      { username: 'dear', name: 'Dear', password, role: 'viewer' },
      demo.actor,
    )
    const attempt = (username: string) => dear.signIn({ username, password: 'wrong', address })
    const known = await spent(attempt('dear'))
    const unknown = await spent(attempt('nobody-at-all'))
    expect(unknown).toBeGreaterThan(known / 3)
  })

  test('is audited in the tenant of the person', async () => {
    await signIn()
    const rows = await inTenant(
      db.as('pulse_app'),
      demo.tenant,
      (sql) =>
        sql`select actor, action, address from platform.audit where action = 'registry.signed-in'`,
    )
    expect(rows[0]).toMatchObject({ action: 'registry.signed-in', address })
  })

  test('is throttled for one name, and open again after the window', async () => {
    const own = createPeople({ app: db.as('pulse_app'), clock, passwordCost: cheap })
    const attempt = (secret: string, username = 'ada') =>
      own.signIn({ username, password: secret, address }).then(
        () => 'in',
        (error: { code: string; retryAfterS?: number }) => error,
      )
    const wrong = await Promise.all(Array.from({ length: 8 }, () => attempt('wrong')))
    expect(
      wrong.every((each) => (each as { code: string }).code === 'registry.wrong-password'),
    ).toBe(true)
    expect(await attempt(password)).toMatchObject({ code: 'platform.limited', retryAfterS: 900 })
    expect(await attempt('wrong', 'somebody-else')).toMatchObject({
      code: 'registry.wrong-password',
    })
    clock.advance(15 * 60_000)
    expect(await attempt(password)).toBe('in')
  })

  test('does not count what was right', async () => {
    for (let times = 0; times < 10; times++) await signIn()
  })
})

describe('a session', () => {
  test('tells who asks, and in which tenants', async () => {
    const { token } = await signIn()
    const principal = await people.authenticate(request(`Bearer ${token}`))
    expect(principal).toMatchObject({
      kind: 'person',
      name: 'Ada L.',
      tenants: [{ tenant: demo.tenant, key: 'demo' }],
    })
    expect(principal?.id).toMatch(/^pe_/)
    expect(principal?.tenants[0]?.permissions.has('device.read')).toBe(true)
  })

  test('is nobody without a bearer, and refused with a wrong one', async () => {
    expect(await people.authenticate(request())).toBeUndefined()
    for (const wrong of [
      'Bearer pulse_s_x',
      `Bearer pulse_s_${'A'.repeat(43)}`,
      'Basic YTpi',
      'Bearer ',
    ]) {
      await expect(people.authenticate(request(wrong))).rejects.toMatchObject({
        code: 'registry.unauthenticated',
      })
    }
  })

  test('ends twelve hours after the last use', async () => {
    const { token } = await signIn()
    clock.advance(12 * hour - 1)
    await expect(people.session(token)).resolves.toBeDefined()
    clock.advance(12 * hour - 1)
    await expect(people.session(token)).resolves.toMatchObject({
      expiresAt: new Date(clock.now() + 12 * hour).toISOString(),
    })
    clock.advance(12 * hour)
    await expect(people.session(token)).rejects.toMatchObject({ code: 'registry.unauthenticated' })
  })

  test('ends at once by signing out', async () => {
    const { token } = await signIn()
    await people.signOut(token)
    await expect(people.session(token)).rejects.toMatchObject({ code: 'registry.unauthenticated' })
  })

  test('is kept as a hash only', async () => {
    const { token } = await signIn()
    const rows = await db.as('pulse_owner')`select s::text as text from registry.session s`
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(token.slice('pulse_s_'.length))
  })
})

test('a password is checked by the cost that its hash names, and kept with a salt', async () => {
  const [one, two] = await Promise.all([hashPassword('päss', cheap), hashPassword('päss', cheap)])
  expect(one).not.toBe(two)
  expect(await verifyPassword('pa\u0308ss', one)).toBe(true)
  expect(await verifyPassword('Päss', one)).toBe(false)
})

describe('making a person', () => {
  test('keeps the password of one who is there, and lets them into the second tenant', async () => {
    await people.createPerson(
      other.tenant,
      { username: 'ada', name: 'Another', password: 'taken over', role: 'admin' },
      other.actor,
    )
    await expect(signIn('ada', 'taken over')).rejects.toMatchObject({
      code: 'registry.wrong-password',
    })
    const session = await signIn()
    expect(session.tenants.map(({ key, role }) => [key, role])).toEqual([
      ['demo', 'viewer'],
      ['other', 'admin'],
    ])
    expect((await people.members(other.tenant)).map(({ name }) => name)).toEqual(['Ada L.'])
  })
})

test.each(['pulse_app', 'pulse_pipeline', 'pulse_operator'] as const)(
  '%s can read neither people nor sessions',
  async (role) => {
    const sql = db.as(role)
    for (const table of ['person', 'session']) {
      await expect(sql.unsafe(`select * from registry.${table}`)).rejects.toMatchObject({
        code: '42501',
      })
    }
  },
)

test('pulse_app cannot read what tokens are checked against', async () => {
  await expect(
    inTenant(db.as('pulse_app'), demo.tenant, (sql) => sql`select hash from registry.device_token`),
  ).rejects.toMatchObject({ code: '42501' })
})
