import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  asPipeline,
  inTenant,
  manualClock,
  record,
  recordAll,
  silentLog,
  systemClock,
} from '#platform'
import { type TestDatabase, testDatabase } from '#testing'
import { createSealer, type Sealer } from './audit-sealer.ts'
import { verifyTenant } from './audit-verify.ts'

let db: TestDatabase
let sealer: Sealer
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.forgetAudit()
  sealer = sealerOf()
})
afterEach(() => sealer.stop())

const sealerOf = (clock = systemClock) =>
  createSealer({ facts: db.facts('pulse_sealer'), clock, log: silentLog })

const actor = { kind: 'person', id: 'pe_1', name: 'Ann' } as const
const entry = (subject: string) => ({ actor, action: 'registry.site-registered', subject })
const write = (tenant: number, subject: string) =>
  inTenant(db.as('pulse_app'), tenant, (sql) => record(sql, entry(subject)))

interface Sealed {
  readonly tenant: number
  readonly position: number
  readonly subject: string
}
const sealed = () =>
  db.as('pulse_owner')<Sealed[]>`
    select s.tenant, s.position, a.subject
      from ops.seal s join platform.audit a on a.id = s.audit order by s.tenant, s.position`
const positions = async (tenant: number) =>
  (await sealed()).filter((row) => row.tenant === tenant).map(({ subject }) => subject)
const waiting = async () =>
  (await db.as('pulse_owner')<{ n: number }[]>`select count(*) as n from ops.unsealed`)[0]?.n
const verify = (tenant: number) =>
  verifyTenant({ db: db.as('pulse_app'), clock: systemClock }, tenant)

async function until(check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not so in time: ${check.toString()}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

describe('sealing', () => {
  test('gives each tenant a chain of its own, in the order of writing', async () => {
    for (const [tenant, subject] of [
      [7, 'a'],
      [8, 'b'],
      [7, 'c'],
      [8, 'd'],
    ] as const)
      await write(tenant, subject)
    await sealer.seal()
    expect(await sealed()).toEqual([
      { tenant: 7, position: 1, subject: 'a' },
      { tenant: 7, position: 2, subject: 'c' },
      { tenant: 8, position: 1, subject: 'b' },
      { tenant: 8, position: 2, subject: 'd' },
    ])
    expect(await waiting()).toBe(0)
    expect(await verify(7)).toMatchObject({ proven: true, checked: 2, unsealed: { rows: 0 } })
    expect(await verify(8)).toMatchObject({ proven: true, checked: 2 })
  })

  test('goes on where it ended', async () => {
    await write(7, 'a')
    await sealer.seal()
    await write(7, 'b')
    await sealer.seal()
    expect(await verify(7)).toMatchObject({ proven: true, checked: 2, head: { position: 2 } })
  })

  test('seals a row that commits late after those that were quicker, and loses none', async () => {
    let commit = () => {}
    let written = () => {}
    const isWritten = new Promise<void>((done) => {
      written = done
    })
    const late = inTenant(db.as('pulse_app'), 7, async (sql) => {
      await record(sql, entry('late'))
      written()
      await new Promise<void>((done) => {
        commit = done
      })
    })
    await isWritten
    await write(7, 'quick')
    await sealer.seal()
    expect(await positions(7)).toEqual(['quick'])
    commit()
    await late
    await sealer.seal()
    expect(await positions(7)).toEqual(['quick', 'late'])
    expect(await verify(7)).toMatchObject({ proven: true, checked: 2 })
  })

  test('leaves out what is rolled back', async () => {
    const undone = inTenant(db.as('pulse_app'), 7, async (sql) => {
      await record(sql, entry('undone'))
      throw new Error('no')
    })
    await expect(undone).rejects.toThrow('no')
    await write(7, 'done')
    await sealer.seal()
    expect(await positions(7)).toEqual(['done'])
    expect(await verify(7)).toMatchObject({ proven: true, unsealed: { rows: 0 } })
  })

  test('goes through more rows than fit into one batch', async () => {
    const entries = Array.from({ length: 2500 }, (_, n) => ({ ...entry(`s-${n}`), tenant: 7 }))
    await recordAll(asPipeline(db.as('pulse_pipeline')), entries)
    await sealer.seal()
    expect(await verify(7)).toMatchObject({ proven: true, checked: 2500 })
    expect((await positions(7)).slice(998, 1002)).toEqual(['s-998', 's-999', 's-1000', 's-1001'])
  })

  test('begins by itself within half a second, also when no notification came', async () => {
    const clock = manualClock(Date.now())
    await sealer.stop()
    sealer = sealerOf(clock)
    await write(7, 'before the start')
    await sealer.start()
    expect(await positions(7)).toEqual(['before the start'])
    const root = db.superuser()
    await root`alter table platform.audit disable trigger await_seal`
    await write(7, 'unheard')
    await root`alter table platform.audit enable trigger await_seal`
    await root`insert into ops.unsealed select id, tenant from platform.audit where subject = 'unheard'`
    clock.advance(500)
    await until(async () => (await waiting()) === 0)
  })

  test('is woken by the row', async () => {
    await sealer.stop()
    sealer = sealerOf(manualClock(Date.now()))
    await sealer.start()
    await write(7, 'heard')
    await until(async () => (await positions(7)).length === 1)
  })

  test('by two at once makes one chain', async () => {
    const other = sealerOf()
    await Promise.all([sealer.start(), other.start()])
    await Promise.all(Array.from({ length: 200 }, (_, n) => write(7 + (n % 2), `s-${n}`)))
    await until(async () => (await waiting()) === 0)
    await other.stop()
    for (const tenant of [7, 8]) {
      expect(await verify(tenant)).toMatchObject({ proven: true, checked: 100, moreFaults: 0 })
    }
  })

  test('that got past the lock is refused a second seal for a position', async () => {
    await write(7, 'a')
    await sealer.seal()
    const fork = db.as('pulse_sealer')`
      insert into ops.seal select tenant, position, audit + 1, digest, previous, hash, sealed_at from ops.seal`
    await expect(fork).rejects.toMatchObject({ code: '23505' })
  })
})

describe('a sealer that is killed', () => {
  test('at any point leaves a whole chain, and the next goes on', {
    timeout: 120_000,
  }, async () => {
    const module = pathToFileURL(join(import.meta.dirname, 'audit-sealer.ts')).href
    const platform = pathToFileURL(join(import.meta.dirname, '../platform/index.ts')).href
    const code = `
      const { createSealer } = await import(${JSON.stringify(module)})
      const { systemClock, silentLog } = await import(${JSON.stringify(platform)})
      const facts = ${JSON.stringify(db.facts('pulse_sealer'))}
      await createSealer({ facts, clock: systemClock, log: silentLog }).start()
      console.log('sealing'); setInterval(() => {}, 1000)`
    let rows = 0
    for (const afterMs of [0, 4, 9, 16]) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      try {
        await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
        const entries = Array.from({ length: 6000 }, (_, n) => ({ ...entry(`s-${n}`), tenant: 7 }))
        await recordAll(asPipeline(db.as('pulse_pipeline')), entries)
        rows += entries.length
        // It is in the middle of its batches when the first of them is done.
        await until(async () => Number(await waiting()) < entries.length)
        await new Promise((done) => setTimeout(done, afterMs))
      } finally {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      // PostgreSQL may still be at the batch of who was killed: a look in the middle would miss it.
      await until(
        async () =>
          (
            await db.superuser()`
        select 1 from pg_stat_activity
         where datname = current_database() and usename = 'pulse_sealer' and state <> 'idle'`
          ).length === 0,
      )
      const { proven, checked, unsealed } = await verify(7)
      expect({ proven, all: checked + unsealed.rows }).toEqual({ proven: true, all: rows })
    }
    // The connection of the last one may still hold the lock for a moment.
    await until(async () => {
      await sealer.seal()
      return (await waiting()) === 0
    })
    expect(await verify(7)).toMatchObject({ proven: true, checked: rows, unsealed: { rows: 0 } })
  })
})

test('the sealer reads the log and writes seals, and may do nothing else', async () => {
  const grants = await db.superuser()<{ what: string }[]>`
    select distinct table_schema || '.' || table_name || ' ' || privilege_type as what
      from information_schema.table_privileges where grantee = 'pulse_sealer' order by 1`
  expect(grants.map(({ what }) => what)).toEqual([
    'ops.seal INSERT',
    'ops.seal SELECT',
    'ops.unsealed DELETE',
    'ops.unsealed SELECT',
    'platform.audit SELECT',
  ])
})
