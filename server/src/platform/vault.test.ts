import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#testing'
import { manualClock } from './clock.ts'
import { environmentMasterKey } from './master-key.ts'
import { createVault, sealedAt } from './vault.ts'

let db: TestDatabase
const clock = manualClock(Date.parse('2026-11-24T12:00:00Z'))
const key = () => randomBytes(32).toString('base64')
const masterKey = environmentMasterKey(key())
const vaultWith = (source = masterKey) =>
  createVault({ owner: db.as('pulse_owner'), masterKey: source, clock })
const here = sealedAt('actions.destination', 3, 'hook')

beforeEach(async () => {
  db = await testDatabase()
})
afterEach(() => db.drop())

describe('a vault', () => {
  test.each(['whsec_abc', '', 'ключ 🔑', 'x'.repeat(100_000)])(
    'opens what it sealed',
    async (clear) => {
      const vault = vaultWith()
      await vault.start()
      const sealed = await vault.seal(clear, here)
      expect(sealed).toMatch(/^v1\.1(\.[\w-]*){3}$/)
      expect(await vault.open(sealed, here)).toBe(clear)
      expect(await vaultWith().open(sealed, here)).toBe(clear)
    },
  )

  test('seals the same text differently each time', async () => {
    const vault = vaultWith()
    await vault.start()
    expect(await vault.seal('a', here)).not.toBe(await vault.seal('a', here))
  })

  test('does not open for another row, tenant or table', async () => {
    const vault = vaultWith()
    await vault.start()
    const sealed = await vault.seal('a', here)
    for (const elsewhere of [
      sealedAt('actions.destination', 3, 'other'),
      sealedAt('actions.destination', 4, 'hook'),
      sealedAt('registry.account', 3, 'hook'),
      sealedAt('actions.destination', '3/hook'),
    ])
      await expect(vault.open(sealed, elsewhere)).rejects.toThrow('does not open')
  })

  test('opens nothing of which a bit was changed', async () => {
    const vault = vaultWith()
    await vault.start()
    const sealed = await vault.seal('a secret', here)
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      // The last character of a part has bits that base64 does not use.
      const same = (part: string) => Buffer.from(part, 'base64url').toString('hex')
      if (changed.split('.').map(same).join() === sealed.split('.').map(same).join()) continue
      await expect(vault.open(changed, here), changed).rejects.toThrow('does not open')
    }
    for (const text of [
      '',
      'v1',
      'v1.1',
      'v1.1.a',
      'v1.1.a.b',
      'v2.1.a.b.c',
      `${sealed}.AA`,
      'clear',
    ])
      await expect(vault.open(text, here)).rejects.toThrow('does not open')
  })

  test('says nothing of the secret when it does not open', async () => {
    const vault = vaultWith()
    await vault.start()
    const sealed = await vault.seal('hunter2hunter2', here)
    const error = await vault.open(sealed, 'elsewhere').catch((each: Error) => each)
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('hunter2')
  })

  test('makes one data key however many start at once', async () => {
    const vaults = Array.from({ length: 4 }, () => vaultWith())
    await Promise.all(vaults.map((vault) => vault.start()))
    const sealed = await Promise.all(vaults.map((vault) => vault.seal('a', here)))
    expect(sealed.map((text) => text.split('.')[1])).toEqual(['1', '1', '1', '1'])
  })

  test('keeps no key in clear in the database, and shows its rows to the owner alone', async () => {
    await vaultWith().start()
    for (const role of ['pulse_app', 'pulse_pipeline', 'pulse_operator'] as const)
      await expect(db.as(role)`select * from platform.data_key`).rejects.toMatchObject({
        code: '42501',
      })
  })

  test('does not start under another master key, and says so', async () => {
    await vaultWith().start()
    await expect(vaultWith(environmentMasterKey(key())).start()).rejects.toThrow(
      'sealed under another master key',
    )
  })
})

describe('a new data key', () => {
  test('seals from now on; the one before still opens', async () => {
    const vault = vaultWith()
    await vault.start()
    const before = await vault.seal('a', here)
    expect(await vault.rotate()).toBe(2)
    const after = await vault.seal('b', here)
    expect(after.startsWith('v1.2.')).toBe(true)
    expect([await vault.open(before, here), await vault.open(after, here)]).toEqual(['a', 'b'])
  })

  test('is known to another process at once when it opens, and within a minute when it seals', async () => {
    const other = vaultWith()
    await other.start()
    await other.seal('a', here)
    const vault = vaultWith()
    await vault.rotate()
    clock.advance(59_000)
    expect((await other.seal('a', here)).startsWith('v1.1.')).toBe(true)
    clock.advance(1000)
    expect((await other.seal('a', here)).startsWith('v1.2.')).toBe(true)
    await vault.rotate()
    expect(await other.open(await vault.seal('b', here), here)).toBe('b')
  })
})

describe('a master key from the environment', () => {
  test('is replaced by a start that is also given the previous one', async () => {
    const [first, second] = [key(), key()]
    const before = vaultWith(environmentMasterKey(first))
    await before.start()
    const sealed = await before.seal('a', here)
    await vaultWith(environmentMasterKey(second, first)).start()
    const after = vaultWith(environmentMasterKey(second))
    await after.start()
    expect(await after.open(sealed, here)).toBe('a')
    await expect(vaultWith(environmentMasterKey(first)).start()).rejects.toThrow(
      'another master key',
    )
  })
})
