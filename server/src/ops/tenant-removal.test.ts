import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock, silentLog, systemClock, tenantTables } from '#platform'
import { plantRows, type TestDatabase, tablesWithTenant, testDatabase } from '../testing/index.ts'
import { createRemoval } from './tenant-removal.ts'

const LEAVING = 1
const STAYING = 2
const DEVICES = 3
const MESSAGES = 200
const clock = manualClock(Date.parse('2026-11-24T12:00:00Z'))

let db: TestDatabase
let gone: string[]

beforeEach(async () => {
  db = await testDatabase()
  gone = []
  await db.as('pulse_owner')`select stream.ensure_day('2026-11-24')`
  await plantRows(db.superuser(), await tablesWithTenant(db.superuser()), [LEAVING, STAYING])
  const root = db.superuser()
  await root`set session_replication_role = replica`
  await root`update registry.tenant set removed = null, delete_after = null where id = ${STAYING}`
  await root`update registry.tenant set removed = null, delete_after = '2026-11-24T12:00Z' where id = ${LEAVING}`
  // Devices with messages, of both, so that batches have something to do.
  for (const tenant of [LEAVING, STAYING]) {
    await root`
      insert into registry.device (tenant, key, name, type)
      select ${tenant}::bigint, 'd' || n, 'd', 'x' from generate_series(1, ${DEVICES}::int) n`
    await root`
      insert into stream.message (tenant, device, ts, id, kind, received_at, data)
      select tenant, id, timestamptz '2026-11-24T10:00Z' + make_interval(secs => n), n, 't', now(), '{}'
        from registry.device, generate_series(1, ${MESSAGES}::int) n where tenant = ${tenant} and key <> 'x' || tenant`
  }
  await root`delete from stream.message where device = tenant * 1000`
  await root`insert into connect.inbound (session, packet_id) select id, 1 from connect.session`
  await root`set session_replication_role = origin`
})
afterEach(() => db.drop())

const removal = (batch = 50) =>
  createRemoval({
    owner: db.as('pulse_owner'),
    clock,
    log: silentLog,
    batch,
    onGone: async ({ key }) => void gone.push(key),
  })

/** Rows of a tenant by table, all that it has. */
async function rowsOf(tenant: number): Promise<Record<string, number>> {
  const root = db.superuser()
  const counts: Record<string, number> = {}
  for (const { name, tenantColumn } of await tablesWithTenant(root)) {
    const [row] = await root.unsafe<{ n: number }[]>(
      `select count(*)::int as n from ${name} where ${tenantColumn} = ${tenant}`,
    )
    if (row && row.n > 0) counts[name] = row.n
  }
  return counts
}

test('every table with a tenant is found by an index that begins with it, but for telemetry', async () => {
  const tables = await tenantTables(db.as('pulse_owner'))
  const without = tables.filter(({ tenantColumn, indexedBy }) => !indexedBy.includes(tenantColumn))
  expect(without.map(({ name }) => name)).toEqual(['stream.message'])
})

describe('a tenant whose waiting has passed', () => {
  test('leaves no row in any table, and the other tenant loses none', async () => {
    const theirs = await rowsOf(STAYING)
    expect(Object.keys(await rowsOf(LEAVING)).length).toBeGreaterThan(20)
    await removal().look()
    expect(await rowsOf(LEAVING)).toEqual({})
    expect(await rowsOf(STAYING)).toEqual(theirs)
    expect(await db.superuser()`select session from connect.inbound`).toHaveLength(1)
    expect(gone).toEqual(['x1', 'x1'])
  })

  test('is told of in the log of the platform, with counts and the end of its chain', async () => {
    const [seal] = await db.superuser()`
      select encode(hash, 'hex') as hash from ops.seal where tenant = ${LEAVING}`
    await removal().look()
    const rows = await db.superuser()`
      select actor_kind, action, subject, before, after from platform.audit where tenant = 0`
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      actor_kind: 'system',
      action: 'registry.tenant-deleted',
      subject: 'tenant:x1',
      before: { rows: { 'stream.message': DEVICES * MESSAGES, 'registry.device': DEVICES + 1 } },
      after: { chainEnd: seal?.['hash'] },
    })
  })

  test('is deleted to the end after a kill in the middle, and its rows are counted once', async () => {
    const module = pathToFileURL(join(import.meta.dirname, 'tenant-removal.ts')).href
    const platform = pathToFileURL(join(import.meta.dirname, '../platform/index.ts')).href
    const code = `
      const { createRemoval } = await import(${JSON.stringify(module)})
      const { connect, manualClock, silentLog } = await import(${JSON.stringify(platform)})
      const owner = connect(${JSON.stringify(db.facts('pulse_owner'))}, 'pulse_owner', { max: 2, name: 'removal' })
      const clock = manualClock(${clock.now()})
      await createRemoval({ owner, clock, log: silentLog, batch: 1, onGone: async () => {} }).look()`
    const telemetry = async () => {
      const rows = await db.superuser()`select from stream.message where tenant = ${LEAVING}`
      return rows.length
    }
    const all = await telemetry()
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' })
    const ended = once(child, 'exit')
    const deadline = systemClock.now() + 20_000
    while ((await telemetry()) === all && systemClock.now() < deadline) await setTimeout(2)
    child.kill('SIGKILL')
    await ended
    const left = await telemetry()
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(all)

    await removal().look()
    expect(await rowsOf(LEAVING)).toEqual({})
    const [row] = await db.superuser()`select before from platform.audit where tenant = 0`
    expect(row?.['before'].rows['stream.message']).toBe(all)
  })

  test('has what is written for it afterwards swept away', async () => {
    await removal().look()
    const root = db.superuser()
    await root`
      insert into fleet.history (tenant, at, seconds, online, total, alerts, messages, refused, settled, succeeded)
      values (${LEAVING}, now(), 60, 0, 0, 0, 0, 0, 0, 0)`
    expect(await rowsOf(LEAVING)).toEqual({ 'fleet.history': 1 })
    await removal().look()
    expect(await rowsOf(LEAVING)).toEqual({})
  })
})

test('a tenant that still waits, or never left, is not touched', async () => {
  await db.superuser()`
    update registry.tenant set delete_after = '2026-11-24T12:00:01Z' where id = ${LEAVING}`
  const before = [await rowsOf(LEAVING), await rowsOf(STAYING)]
  await removal().look()
  expect([await rowsOf(LEAVING), await rowsOf(STAYING)]).toEqual(before)
})
