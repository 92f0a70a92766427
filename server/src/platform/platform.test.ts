import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { emit } from './outbox.ts'
import { asPipeline, inTenant } from './sql.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

test('a query without a tenant raises, also on a connection that had one', async () => {
  const app = db.as('pulse_app')
  await expect(app`select * from platform.outbox`).rejects.toMatchObject({ code: 'PT001' })
  await app`select 1`
  const only = await app.reserve()
  await only`begin`
  await only`select set_config('pulse.tenant', '1', true)`
  await only`select * from platform.outbox`
  await only`commit`
  await expect(only`select * from platform.outbox`).rejects.toMatchObject({ code: 'PT001' })
  only.release()
})

test('an event of another tenant is refused and cannot be read', async () => {
  const app = db.as('pulse_app')
  const event = (tenant: number) => ({
    type: 'rules.rule-changed' as const,
    tenant,
    subject: 'rule:a',
    data: { rule: 'a', version: 1 },
  })
  await inTenant(app, 1, (sql) => emit(sql, [event(1)], 1_764_000_000_000))
  await expect(
    inTenant(app, 1, (sql) => emit(sql, [event(2)], 1_764_000_000_000)),
  ).rejects.toMatchObject({ code: '42501' })
  await emit(asPipeline(db.as('pulse_pipeline')), [event(2)], 1_764_000_000_000)
  const seen = await inTenant(app, 1, (sql) => sql`select tenant from platform.outbox`)
  expect(seen.map((row) => row['tenant'])).toEqual([1])
})

test('arrays go to the database and come back as they are', async () => {
  const app = db.as('pulse_app')
  const texts = [
    'plain',
    'a "quoted" one',
    'back\\slash',
    '{brace},comma',
    '',
    'NULL',
    'zero\u00a0width',
  ]
  const [row] = await app<{ texts: string; ids: number[] }[]>`
    select array_to_json(${texts}::text[])::text as texts, ${[3, null, 7]}::bigint[] as ids`
  expect(JSON.parse(row?.texts ?? '')).toEqual(texts)
  expect(row?.ids).toEqual([3, null, 7])
  const [back] = await app<{ texts: (string | null)[] }[]>`
    select ${[...texts, null]}::text[] as texts, '{}'::text[] as nothing`
  expect(back).toEqual({ texts: [...texts, null], nothing: [] })
  const [none] = await app<{ ids: number[] }[]>`select ${[]}::bigint[] as ids`
  expect(none?.ids).toEqual([])
})
