import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { manualClock } from '#platform'
import { type TestDatabase, testDatabase, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import type { Registry } from './registry.ts'
import { requestOf, somebody } from './test-people.ts'
import { startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
const tokens = testTokens(startMs)
const by = {
  actor: { kind: 'operator', id: 'pe_operator', name: 'Op' },
  requestId: 'rq_test',
  address: '203.0.113.7',
} as const
const reason = 'the laptop was stolen'

beforeAll(async () => {
  db = await testDatabase()
  const deps = { identity: tokens }
  ;({ registry, demo } = await testRegistry(db, manualClock(startMs), deps))
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

const set = (username: string, active: boolean, issuer?: string) =>
  registry.personLocks.set(by, {
    username,
    active,
    reason,
    ...(issuer === undefined ? {} : { issuer }),
  })

describe('a person who is locked out', () => {
  test('is refused everywhere at once, and let in again as before', async () => {
    const { id, bearer } = await somebody({ registry, tokens }, demo, {
      role: 'admin',
      name: 'eve',
    })
    const open = await registry.people.authenticate(requestOf(bearer))
    if (!open) throw new Error('nobody')
    await set('EVE', false)
    await expect(registry.people.authenticate(requestOf(bearer))).rejects.toMatchObject({
      code: 'registry.deactivated',
    })
    expect(await registry.people.stillMay(open, 'demo', 'device.read')).toBe(false)
    await set('eve', true)
    await set('eve', true)
    expect(await registry.people.authenticate(requestOf(bearer))).toMatchObject({ id })
    const rows = await db.superuser()`
      select actor_kind as kind, actor, action, after->>'reason' as reason, address
        from platform.audit where tenant = 0 and subject = ${`person:${id}`} order by id`
    expect(rows).toEqual([
      {
        kind: 'operator',
        actor: by.actor.id,
        action: 'registry.person-locked-out',
        reason,
        address: by.address,
      },
      {
        kind: 'operator',
        actor: by.actor.id,
        action: 'registry.person-restored',
        reason,
        address: by.address,
      },
    ])
  })

  test('is one of the name, by issuer where there are several', async () => {
    await somebody({ registry, tokens }, demo, { role: 'viewer', name: 'twin' })
    const bearer = tokens.issue({ subject: 'twin', username: 'twin' })
    await registry.people.authenticate(requestOf(bearer))
    await expect(set('twin', false)).rejects.toMatchObject({ code: 'registry.unknown-person' })
    await set('twin', false, 'embedded')
    expect(await registry.people.authenticate(requestOf(bearer))).toBeDefined()
    await expect(set('nobody-at-all', false)).rejects.toMatchObject({
      code: 'registry.unknown-person',
    })
  })

  test('is never the last active operator, not of two at once either', async () => {
    for (const username of ['op-1', 'op-2']) {
      const facts = { username, name: username, password: 'correct horse', operator: true }
      await registry.people.createPerson(undefined, facts, demo.actor)
    }
    const outcomes = await Promise.allSettled([set('op-1', false), set('op-2', false)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const refused = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult
    expect(refused.reason).toMatchObject({ code: 'registry.last-operator' })
  })
})
