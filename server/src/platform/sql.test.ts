import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { connect, type Database } from './sql.ts'

const POOLS = 12
const CUTS = 12
const PATIENCE_MS = 8000

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

/** Works without pause until `ended`; failures are what the cuts are for. */
async function work(pool: Database, ended: () => boolean): Promise<void> {
  while (!ended()) {
    await pool
      .begin(async (sql) => {
        await sql`select 1`
        await sql`select 2`
      })
      .catch(() => {})
    await new Promise(setImmediate)
  }
}

test('a pool whose connection was cut in the middle of a write answers again', async () => {
  const name = 'to be cut'
  const pools = Array.from({ length: POOLS }, () =>
    connect(db.facts('pulse_app'), 'pulse_app', { max: 1, name }),
  )
  let ended = false
  const working = pools.map((pool) => work(pool, () => ended))
  for (let cut = 0; cut < CUTS; cut++) {
    await db.superuser()`
      select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = ${name} and datname = current_database()`
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  ended = true
  const late = new Promise<string>((resolve) => setTimeout(resolve, PATIENCE_MS, 'no answer'))
  const answers = await Promise.all(
    working.map((each) => Promise.race([each.then(() => 'answers'), late])),
  )
  expect(answers.filter((answer) => answer !== 'answers')).toEqual([])
  await Promise.all(pools.map((pool) => pool.end({ timeout: 1 })))
})
