import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase, testVault } from '#testing'
import { resealAll, type SealedColumn } from './sealed-columns.ts'
import { sealedAt, type Vault } from './vault.ts'

const column: SealedColumn = {
  table: 'actions.destination',
  column: 'sealed',
  key: ['tenant', 'key'],
  clear: 'secret',
}
let db: TestDatabase
let vault: Vault
const owner = () => db.as('pulse_owner')

beforeEach(async () => {
  db = await testDatabase()
  vault = await testVault(db)
})
afterEach(() => db.drop())

const secretOf = (n: number): string => `whsec_of_destination_${n}`
/** Rows as a Pulse without a vault wrote them. */
const plantClear = (count: number) => owner()`
  insert into actions.destination (tenant, key, name, kind, url, secret, created_at)
  select 1 + n % 3, 'k/' || n, 'x', 'webhook', 'https://example.com/', 'whsec_of_destination_' || n, now()
    from generate_series(1, ${count}::int) n`
interface Row {
  readonly tenant: number
  readonly key: string
  readonly sealed: string
  readonly secret: string | null
}
const rows = () => owner()<Row[]>`select tenant, key, sealed, secret from actions.destination`
const open = ({ tenant, key, sealed }: Row) =>
  vault.open(sealed, sealedAt('actions.destination', tenant, key))
const reseal = () => resealAll(owner(), vault, [column])

describe('what lies in clear', () => {
  test('is sealed once, in its own row, and emptied', async () => {
    await plantClear(450)
    expect(await reseal()).toEqual({ moved: 450, stuck: [] })
    for (const row of await rows()) {
      expect(row.secret).toBeNull()
      expect(await open(row)).toBe(secretOf(Number(row.key.slice(2))))
    }
    expect(await reseal()).toEqual({ moved: 0, stuck: [] })
  })
})

describe('a new data key', () => {
  test('is what everything lies under after one pass', async () => {
    await plantClear(3)
    await reseal()
    await vault.rotate()
    expect(await reseal()).toEqual({ moved: 3, stuck: [] })
    for (const row of await rows()) {
      expect(row.sealed.startsWith('v1.2.')).toBe(true)
      expect(await open(row)).toBe(secretOf(Number(row.key.slice(2))))
    }
  })

  test('passes by what does not open, and names where it lies', async () => {
    await plantClear(3)
    await reseal()
    const damaged = 'v1.1.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA'
    await owner()`update actions.destination set sealed = ${damaged} where key = 'k/2'`
    await vault.rotate()
    expect(await reseal()).toEqual({ moved: 2, stuck: ['actions.destination/3/k%2F2'] })
  })

  test('does not overwrite what was changed during the pass', async () => {
    await plantClear(1)
    await reseal()
    const [row] = await rows()
    if (!row) throw new Error('a row was planted')
    await vault.rotate()
    const context = sealedAt('actions.destination', row.tenant, row.key)
    const slow: Vault = {
      ...vault,
      async open(sealed, where) {
        const clear = await vault.open(sealed, where)
        await owner()`update actions.destination set sealed = ${await vault.seal('newer', context)}`
        return clear
      },
    }
    expect(await resealAll(owner(), slow, [column])).toEqual({ moved: 0, stuck: [] })
    const [after] = await rows()
    expect(after && (await open(after))).toBe('newer')
  })
})
