import { afterAll, beforeAll, expect, test } from 'vitest'
import { manualClock } from '#platform'
import { type TestDatabase, testDatabase } from '../../testing/index.ts'
import { createAdapter } from './adapter.ts'
import { sweepIdentity } from './artifact-rows.ts'

const clock = manualClock(1_800_000_000_000)
let db: TestDatabase
let adapterOf: ReturnType<typeof createAdapter>

beforeAll(async () => {
  db = await testDatabase()
  adapterOf = createAdapter(db.as('pulse_app'), clock)
})
afterAll(() => db?.drop())

test('what is kept is found by its id or its uid, and not as another kind', async () => {
  const sessions = adapterOf('Session')
  await sessions.upsert('secret-1', { jti: 'secret-1', uid: 'u1', accountId: 'pe_1' }, 60)
  const kept = { jti: 'secret-1', uid: 'u1', accountId: 'pe_1' }
  expect(await sessions.find('secret-1')).toEqual(kept)
  expect(await sessions.findByUid('u1')).toMatchObject({ uid: 'u1', accountId: 'pe_1' })
  expect(await sessions.find('secret-2')).toBeUndefined()
  expect(await adapterOf('Grant').find('secret-1')).toBeUndefined()
  await sessions.destroy('secret-1')
  expect(await sessions.find('secret-1')).toBeUndefined()
})

test('of many who consume a code at once, one may', async () => {
  const codes = adapterOf('AuthorizationCode')
  await codes.upsert('code', { jti: 'code', grantId: 'g1' }, 60)
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => codes.consume('code')))
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await codes.find('code')).toMatchObject({ consumed: clock.now() / 1000 })
})

test('a grant that is revoked takes along what one kind has of it', async () => {
  await adapterOf('RefreshToken').upsert('r1', { jti: 'r1', grantId: 'g2' }, 60)
  await adapterOf('RefreshToken').upsert('r2', { jti: 'r2', grantId: 'g3' }, 60)
  await adapterOf('RefreshToken').revokeByGrantId('g2')
  expect(await adapterOf('RefreshToken').find('r1')).toBeUndefined()
  expect(await adapterOf('RefreshToken').find('r2')).toBeDefined()
})

test('what has expired is not found, and is swept away', async () => {
  await adapterOf('Interaction').upsert('late', { jti: 'late' }, 60)
  clock.advance(60_000)
  expect(await adapterOf('Interaction').find('late')).toBeUndefined()
  await sweepIdentity(db.as('pulse_app'), clock.now() + 1, 0)
  const [row] = await db.superuser()<{ n: number }[]>`
    select count(*)::int as n from registry.oidc_artifact where kind = 'Interaction'`
  expect(row?.n).toBe(0)
})
