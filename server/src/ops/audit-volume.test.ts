import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asPipeline, inTenant, recordAll, silentLog, systemClock } from '#platform'
import { type TestDatabase, testDatabase } from '#testing'
import { exportNdjson } from './audit-export.ts'
import { verifyExport } from './audit-file.ts'
import { selectRows } from './audit-rows.ts'
import { createSealer } from './audit-sealer.ts'
import { verifyTenant } from './audit-verify.ts'

// docs/ops.md has the figures of PULSE_AUDIT_ROWS=200000.
const ROWS = Number(process.env['PULSE_AUDIT_ROWS'] ?? 20_000)
const TENANT = 7

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

async function write(rows: number): Promise<void> {
  for (let from = 0; from < rows; from += 10_000) {
    const entries = Array.from({ length: Math.min(10_000, rows - from) }, (_, n) => ({
      tenant: TENANT,
      actor: { kind: 'person', id: `pe_${n % 20}`, name: 'Morgan Ortiz' } as const,
      action: 'registry.device-registered',
      subject: `device:ups-${from + n}`,
      before: { name: `UPS ${n}`, tags: { env: 'prod', rack: `r-${n % 40}` } },
      after: { name: `UPS ${n} (new)`, tags: { env: 'prod', rack: `r-${n % 40}`, row: n } },
      requestId: 'rq_01939d3e-5a10-7c3e-8a10-0123456789ab',
      address: '192.0.2.7',
    }))
    await recordAll(asPipeline(db.as('pulse_pipeline')), entries)
  }
}

async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const piece of pieces) yield* piece.trimEnd().split('\n')
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** How long `work` took, and by how much the heap was larger during it than before, after collections. */
async function measured<T>(
  name: string,
  work: () => Promise<T>,
): Promise<{ value: T; mb: number }> {
  collect()
  const before = process.memoryUsage().heapUsed
  let most = 0
  const look = setInterval(() => {
    collect()
    most = Math.max(most, process.memoryUsage().heapUsed - before)
  }, 250)
  const cpu = process.cpuUsage()
  const beganMs = performance.now()
  const value = await work()
  const tookMs = Math.round(performance.now() - beganMs)
  const cpuMs = Math.round(process.cpuUsage(cpu).user / 1000)
  clearInterval(look)
  const mb = Math.round(most / 2 ** 20)
  if (process.env['PULSE_AUDIT_ROWS'])
    console.log(`${name}: ${ROWS} rows in ${tookMs} ms (${cpuMs} ms of CPU here), +${mb} MB`)
  return { value, mb }
}

test(`a log of ${ROWS} rows is sealed, verified, exported and searched a page at a time`, {
  timeout: 600_000,
}, async () => {
  await write(ROWS)
  const sealer = createSealer({
    facts: db.facts('pulse_sealer'),
    clock: systemClock,
    log: silentLog,
  })
  const app = db.as('pulse_app')
  const deps = { db: app, clock: systemClock }
  const sealing = await measured('seal', sealer.seal)
  await sealer.stop()
  const proof = await measured('verify', () => verifyTenant(deps, TENANT))
  expect(proof.value).toMatchObject({ proven: true, checked: ROWS, unsealed: { rows: 0 } })
  const options = { tenant: TENANT, tenantKey: 'acme', filter: {}, at: '2026-11-24T17:20:00Z' }
  const exported = await measured('export and verify', () =>
    verifyExport(linesOf(exportNdjson(app, options)), { nowMs: systemClock.now }),
  )
  expect(exported.value).toMatchObject({ proven: true, checked: ROWS, head: proof.value.head })
  const search = (filter: object) =>
    inTenant(app, TENANT, (sql) => selectRows(sql, TENANT, { ...filter, limit: 100 }))
  const found = await measured('search text that only the oldest has', () =>
    search({ text: '"ups 3 (new)"' }),
  )
  expect(found.value.length).toBe(Math.ceil(ROWS / 10_000))
  await measured('newest page', () => search({}))
  await measured('page of one actor', () => search({ actor: 'pe_3' }))
  for (const { mb } of [sealing, proof, exported]) expect(mb).toBeLessThan(48)
})
