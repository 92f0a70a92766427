import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asPipeline, manualClock } from '#platform'
import { createRegistry } from '#registry'
import { type TestDatabase, testDatabase, testLog, testTokens } from '../testing/index.ts'
import { createOperatorFigures, type OperatorFigures } from './operator-figures.ts'

const startMs = Date.parse('2026-11-23T20:00:00.000Z')
const clock = manualClock(startMs)
const by = { actor: { kind: 'operator', id: 'pe_robin', name: 'Robin' } } as const
let db: TestDatabase
let figures: OperatorFigures
let demo: number
let other: number

beforeAll(async () => {
  db = await testDatabase()
  const { tenants } = createRegistry({
    app: db.as('pulse_app'),
    pipeline: asPipeline(db.as('pulse_pipeline')),
    clock,
    log: testLog,
    identity: testTokens(startMs),
  })
  const tenant = async (key: string) =>
    (await tenants.createTenant({ key, name: `Tenant ${key}` }, { kind: 'system', id: 'test' })).id
  demo = await tenant('demo')
  other = await tenant('other')
  figures = createOperatorFigures({ operator: db.as('pulse_operator'), nowMs: clock.now })
  const owner = db.as('pulse_owner')
  await owner`select stream.ensure_day('2026-11-22'), stream.ensure_day('2026-11-23')`
  // A large day, which is estimated, and a small one, which is counted.
  for (const [tenant, day, rows] of [
    [demo, '2026-11-22', 30_000],
    [other, '2026-11-22', 10_000],
    [other, '2026-11-23', 7],
  ] as const) {
    await db.superuser()`
      insert into stream.message (tenant, device, ts, id, kind, received_at, data)
      select ${tenant}::bigint, ${tenant}::bigint * 1000 + n % 50, ${day}::timestamptz + make_interval(secs => n),
             'm' || n, 't', now(), '{"tempC":21.5}'
        from generate_series(1, ${rows}::int) n`
  }
  await db.superuser()`
    insert into fleet.history (tenant, at, seconds, online, total, alerts, messages, refused, settled, succeeded)
    select ${demo}::bigint, ${new Date(startMs)}::timestamptz - make_interval(mins => m), 60, 7, 9, 2, 600 + m, 0, 0, 0
      from generate_series(0, 1500) m`
})
afterAll(() => db.drop())

const of = async (key: string) => (await figures.tenants(by)).find((each) => each.key === key)

describe('the list of tenants', () => {
  test('says size, rate and hours from the minutes that are kept', async () => {
    const found = await of('demo')
    expect(found).toMatchObject({ devices: 9, online: 7, openAlerts: 2, state: 'active' })
    // Minutes 0 to 4 ago.
    expect(found?.messagesPerSecond).toBeCloseTo((600 + 601 + 602 + 603 + 604) / 300)
    expect(found?.messagesByHour).toHaveLength(24)
    const newest = Array.from({ length: 60 }, (_, m) => 600 + m).reduce((a, b) => a + b)
    expect(found?.messagesByHour.at(-1)).toBe(newest)
  })

  test('counts what is small and estimates what is large', async () => {
    const large = (await of('demo'))?.storedMessages ?? 0
    expect(large).toBeGreaterThan(30_000 * 0.75)
    expect(large).toBeLessThan(30_000 * 1.25)
    await db.superuser()`delete from stream.message where tenant = ${other} and ts < '2026-11-23'`
    await db.superuser()`vacuum full stream.message_20261122`
    expect((await of('other'))?.storedMessages).toBe(7)
  })

  test('counts the devices of a tenant of which no minute tells', async () => {
    const found = await of('other')
    expect(found).toMatchObject({ devices: 0, online: 0, messagesPerSecond: 0 })
    expect(found?.messagesByHour).toEqual(Array(24).fill(0))
  })

  test('gives one tenant by its key, and none that is not there', async () => {
    expect(await figures.tenant(by, 'demo')).toMatchObject({ key: 'demo', devices: 9 })
    expect(await figures.tenant(by, 'nowhere')).toBeUndefined()
  })
})

describe('pulse_operator', () => {
  test('reads no table of any schema', async () => {
    const tables = await db.superuser()<{ name: string }[]>`
      select table_schema || '.' || table_name as name from information_schema.tables
       where table_schema not in ('pg_catalog', 'information_schema')`
    expect(tables.length).toBeGreaterThan(40)
    for (const { name } of tables) {
      const read = db.as('pulse_operator').unsafe(`select 1 from ${name} limit 1`)
      await expect(read, name).rejects.toMatchObject({ code: '42501' })
    }
  })

  test('is told nothing without saying who looks, and a look is written once in ten minutes', async () => {
    const nobody = db.as('pulse_operator')`select * from ops.operator_tenants('{}', now(), null)`
    await expect(nobody).rejects.toThrow('nobody looks')
    const looker = {
      actor: { kind: 'operator', id: 'pe_ann', name: 'Ann' },
      requestId: 'rq_1',
    } as const
    await figures.tenants(looker)
    await figures.tenants(looker)
    await figures.enterings(looker)
    const rows = await db.superuser()`
      select tenant, actor_kind, actor_name, action, request_id from platform.audit
       where actor = 'pe_ann' order by id`
    const row = { tenant: 0, actor_kind: 'operator', actor_name: 'Ann', request_id: 'rq_1' }
    expect(rows.map((each) => ({ ...each, tenant: Number(each['tenant']) }))).toEqual([
      { ...row, action: 'ops.tenants-seen' },
      { ...row, action: 'ops.enterings-seen' },
    ])
  })
})

test('no stay lasts longer than four hours, whoever writes it', async () => {
  const insert = db.superuser()`
    insert into registry.entering (tenant, id, person, person_name, reason, role, began_at, until)
    values (${demo}, 'en_x', 'pe_x', 'X', 'a good reason', 'viewer', now(), now() + interval '241 minutes')`
  await expect(insert).rejects.toMatchObject({ code: '23514' })
})
