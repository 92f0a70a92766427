import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { asPipeline, manualClock, type PipelineSql } from '#platform'
import { type TestDatabase, testDatabase, testLog } from '../testing/index.ts'
import type { Act } from './act.ts'
import { type CachedDirectory, createDirectory } from './cached-directory.ts'
import type { Registry } from './registry.ts'
import { aDevice, startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
const clock = manualClock(startMs)

/** The pipeline's pool, and the selects that went through it. */
function counted(): { sql: PipelineSql; selects: () => number } {
  let selects = 0
  const sql = new Proxy(asPipeline(db.as('pulse_pipeline')), {
    apply(target, self, args: [TemplateStringsArray, ...unknown[]]) {
      if (/^\s*select/.test(args[0][0] ?? '')) selects++
      return Reflect.apply(target, self, args)
    },
  })
  return { sql, selects: () => selects }
}

beforeAll(async () => {
  db = await testDatabase()
  ;({ registry, demo, other } = await testRegistry(db, clock))
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

let next = 0
let key: string
let token: string
let credential: string
beforeEach(async () => {
  key = `ups-${next++}`
  await registry.devices.registerDevice(
    demo,
    aDevice(key, { site: 'dal-2', tags: { env: 'prod' } }),
  )
  ;({ token, id: credential } = await registry.devices.createToken(demo, key))
})

/** A directory with an empty cache, as after a start. */
async function fresh<T>(
  work: (directory: CachedDirectory, selects: () => number) => Promise<T>,
): Promise<T> {
  const { sql, selects } = counted()
  const directory = createDirectory({ sql, clock, log: testLog })
  try {
    return await work(directory, selects)
  } finally {
    await directory.close()
  }
}

describe('a device that signs in', () => {
  test('is let in with its token, by name or by the token alone', () =>
    fresh(async (directory) => {
      const login = await directory.login(`demo/${key}`, token)
      expect(login).toMatchObject({
        ok: true,
        credential,
        device: { key, site: 'dal-2', tags: { env: 'prod' } },
      })
      expect(await directory.loginByToken(token)).toEqual(login)
      expect(login.ok && login.device).toMatchObject({
        staleAfterMs: 90_000,
        offlineAfterMs: 300_000,
        readingMetric: 'tempC',
        tenant: { key: 'demo', retentionMs: 30 * 86_400_000, suspended: false },
      })
    }))

  test('is told no more than "unknown" whatever is wrong', () =>
    fresh(async (directory) => {
      await registry.devices.registerDevice(other, aDevice(key))
      const lastCharacter = token.endsWith('A') ? 'E' : 'A'
      for (const [username, wrong] of [
        [`demo/${key}`, `${token.slice(0, -1)}${lastCharacter}`],
        [`demo/${key}`, `pulse_d_0000000000_${token.slice(-43)}`],
        [`demo/${key}`, 'password'],
        [`demo/${key}`, ''],
        [`other/${key}`, token],
        ['demo/nobody', token],
        [key, token],
        [`demo/${key}/`, token],
      ] as const) {
        expect(await directory.login(username, wrong)).toEqual({ ok: false, why: 'unknown' })
      }
    }))

  test('gets in once it is registered, although it was refused before', () =>
    fresh(async (directory) => {
      const late = `late-${next++}`
      expect(await directory.device('demo', late)).toBeUndefined()
      await registry.devices.registerDevice(demo, aDevice(late))
      const made = await registry.devices.createToken(demo, late)
      expect(await directory.login(`demo/${late}`, made.token)).toMatchObject({ ok: true })
    }))

  test('is refused as revoked at once, where its token was ended', async () => {
    expect(await registry.directory.login(`demo/${key}`, token)).toMatchObject({ ok: true })
    await registry.devices.revokeToken(demo, key, credential)
    expect(await registry.directory.login(`demo/${key}`, token)).toEqual({
      ok: false,
      why: 'revoked',
    })
  })

  test('is refused as revoked in another process, once that was told to forget', () =>
    fresh(async (directory) => {
      await directory.login(`demo/${key}`, token)
      await registry.devices.revokeToken(demo, key, credential)
      directory.forget(demo.tenant, key)
      expect(await directory.login(`demo/${key}`, token)).toEqual({ ok: false, why: 'revoked' })
    }))

  test('keeps its other token when one is revoked', async () => {
    const second = await registry.devices.createToken(demo, key)
    await registry.devices.revokeToken(demo, key, credential)
    expect(await registry.directory.login(`demo/${key}`, second.token)).toMatchObject({ ok: true })
  })

  test('is refused while its tenant is suspended, and let in after', async () => {
    await registry.directory.login(`demo/${key}`, token)
    await registry.life.suspend(demo, 'for the test of it')
    expect(await registry.directory.login(`demo/${key}`, token)).toEqual({
      ok: false,
      why: 'suspended',
    })
    await registry.life.resume(demo, 'the test is done')
    expect(await registry.directory.login(`demo/${key}`, token)).toMatchObject({ ok: true })
  })
})

describe('the cache', () => {
  test('answers what it knows without a query, and with the same object by name, id and token', () =>
    fresh(async (directory, selects) => {
      const device = await directory.device('demo', key)
      const before = selects()
      expect(await directory.device('demo', key)).toBe(device)
      expect((await directory.devices([device?.id ?? 0])).get(device?.id ?? 0)).toBe(device)
      expect(selects()).toBe(before)
      const login = await directory.loginByToken(token)
      expect(login.ok && login.device).toBe(device)
    }))

  test('makes a reconnect storm of 2,000 devices a handful of queries', async () => {
    const keys = Array.from({ length: 2000 }, (_, index) => `storm-${index}`)
    await registry.devices.registerDevices(
      demo,
      keys.map((each) => aDevice(each)),
    )
    const tokens = await registry.devices.createTokens(demo, keys)
    await fresh(async (directory, selects) => {
      const logins = await Promise.all(
        tokens.map((each) => directory.login(`demo/${each.device}`, each.token)),
      )
      expect(logins.filter(({ ok }) => ok)).toHaveLength(2000)
      expect(selects()).toBeLessThanOrEqual(6)
    })
  })

  test('keeps nothing of a load that began before something was forgotten', async () => {
    const gate = Promise.withResolvers<void>()
    const read = Promise.withResolvers<void>()
    // Reads at once, and gives what it read when the gate opens. Fragments are no reads.
    const slow = new Proxy(asPipeline(db.as('pulse_pipeline')), {
      apply(target, self, args: [TemplateStringsArray, ...unknown[]]) {
        const query = Reflect.apply(target, self, args) as Promise<unknown>
        if (!/^\s*select/.test(args[0][0] ?? '')) return query
        return query.then(async (rows) => {
          read.resolve()
          await gate.promise
          return rows
        })
      },
    })
    const directory = createDirectory({ sql: slow, clock, log: testLog })
    const begun = directory.login(`demo/${key}`, token)
    await read.promise
    await registry.devices.revokeToken(demo, key, credential)
    directory.forget(demo.tenant, key)
    gate.resolve()
    expect(await begun).toMatchObject({ ok: true })
    expect(await directory.login(`demo/${key}`, token)).toEqual({ ok: false, why: 'revoked' })
    await directory.close()
  })

  test('holds no more devices than its limit, and still answers', async () => {
    const { sql, selects } = counted()
    const directory = createDirectory({ sql, clock, log: testLog, limit: 1 })
    const second = `ups-${next++}`
    await registry.devices.registerDevice(demo, aDevice(second))
    expect(await directory.device('demo', key)).toMatchObject({ key })
    expect(await directory.device('demo', second)).toMatchObject({ key: second })
    const before = selects()
    expect(await directory.device('demo', key)).toMatchObject({ key })
    expect(selects()).toBe(before + 1)
    await directory.close()
  })

  test('leaves unknown ids out', () =>
    fresh(async (directory) => {
      expect(await directory.devices([999_999_999])).toEqual(new Map())
    }))
})

describe('the last use of a token', () => {
  const lastUse = async () =>
    (await registry.devices.tokens(demo.tenant, key)).find(({ id }) => id === credential)
      ?.lastUsedAt

  test('is written behind, at most once a minute', () =>
    fresh(async (directory) => {
      const usedAt = new Date(clock.now()).toISOString()
      await directory.login(`demo/${key}`, token)
      expect(await lastUse()).toBeNull()
      await directory.flush()
      expect(await lastUse()).toBe(usedAt)
      clock.advance(59_000)
      await directory.login(`demo/${key}`, token)
      await directory.flush()
      expect(await lastUse()).toBe(usedAt)
      clock.advance(1_000)
      await directory.login(`demo/${key}`, token)
      await directory.flush()
      expect(await lastUse()).toBe(new Date(clock.now()).toISOString())
    }))

  test('is not moved by a wrong secret', () =>
    fresh(async (directory) => {
      await directory.login(`demo/${key}`, `pulse_d_${credential}_${'A'.repeat(43)}`)
      await directory.flush()
      expect(await lastUse()).toBeNull()
    }))
})
