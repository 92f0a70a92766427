import type { Permission } from '@pulse/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { manualClock } from '#platform'
import { type TestDatabase, type TestTokens, testDatabase, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import type { Registry } from './registry.ts'
import { auditOf, grantBy, requestOf, somebody } from './test-people.ts'
import { startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
let tokens: TestTokens

beforeAll(async () => {
  db = await testDatabase()
  tokens = testTokens(startMs)
  const deps = { identity: tokens }
  ;({ registry, demo, other } = await testRegistry(db, manualClock(startMs), deps))
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

const byAdmin = () => grantBy(demo, 'pe_admin')
const draft = (...permissions: Permission[]) => ({ name: 'Night watch', permissions })

describe('the roles of a tenant', () => {
  test('are the four that are built in, then its own, with how many have them', async () => {
    await somebody({ registry, tokens }, demo, { role: 'engineer' })
    await registry.roles.put(byAdmin(), 'watch', draft('alert.write', 'alert.read', 'alert.read'))
    const roles = await registry.roles.list(demo.tenant)
    expect(roles.map(({ key, builtIn, members }) => [key, builtIn, members])).toEqual([
      ['viewer', true, 0],
      ['technician', true, 0],
      ['engineer', true, 1],
      ['admin', true, 0],
      ['watch', false, 0],
    ])
    expect(roles.at(-1)).toMatchObject({ permissions: ['alert.read', 'alert.write'] })
    expect((await registry.roles.list(other.tenant)).map(({ key }) => key)).not.toContain('watch')
    await expect(registry.roles.role(other.tenant, 'watch')).rejects.toMatchObject({
      code: 'registry.unknown-role',
    })
  })

  test('of its own take effect at once for who has them, and are audited', async () => {
    await registry.roles.put(byAdmin(), 'growing', draft('alert.read'))
    const { id, bearer } = await somebody({ registry, tokens }, demo, { role: 'viewer' })
    await registry.members.change(byAdmin(), id, { role: 'growing' })
    const may = async () => [
      ...((await registry.people.authenticate(requestOf(bearer)))?.tenants[0]?.permissions ?? []),
    ]
    expect(await may()).toEqual(['alert.read'])
    await registry.roles.put(byAdmin(), 'growing', draft('alert.read', 'rule.read'))
    expect(await may()).toEqual(['alert.read', 'rule.read'])
    const rows = await auditOf(db, demo.tenant, 'registry.role-made', 'registry.role-changed')
    expect(rows.filter((row) => row['subject'] === 'role:growing')).toMatchObject([
      { action: 'registry.role-made', before: null, after: { permissions: ['alert.read'] } },
      { action: 'registry.role-changed', before: { permissions: ['alert.read'] } },
    ])
  })

  test('that are built in stay as they are', async () => {
    const refused = { code: 'registry.built-in-role' }
    for (const key of ['viewer', 'technician', 'engineer', 'admin']) {
      const put = registry.roles.put(byAdmin(), key, draft('alert.read'))
      await expect(put, key).rejects.toMatchObject(refused)
      await expect(registry.roles.remove(byAdmin(), key), key).rejects.toMatchObject(refused)
    }
  })

  test('do not get what the one who makes them has not', async () => {
    const grant = grantBy(demo, 'pe_x', ['role.write', 'alert.read'])
    const beyond = { code: 'registry.beyond-own', detail: 'It is about rule.write.' }
    await expect(
      registry.roles.put(grant, 'greedy', draft('alert.read', 'rule.write')),
    ).rejects.toMatchObject(beyond)
    await registry.roles.put(byAdmin(), 'greedy', draft('rule.write'))
    // Nor are they changed or removed by somebody who may do less.
    const less = registry.roles.put(grant, 'greedy', draft('alert.read'))
    await expect(less).rejects.toMatchObject(beyond)
    await expect(registry.roles.remove(grant, 'greedy')).rejects.toMatchObject(beyond)
  })

  test('are removed only when nobody has them or is invited to them', async () => {
    await registry.roles.put(byAdmin(), 'leaving', draft('alert.read'))
    const { id } = await somebody({ registry, tokens }, demo, { role: 'viewer' })
    await registry.members.change(byAdmin(), id, { role: 'leaving' })
    const inUse = { code: 'registry.role-in-use' }
    const remove = () => registry.roles.remove(byAdmin(), 'leaving')
    await expect(remove()).rejects.toMatchObject(inUse)
    await registry.members.change(byAdmin(), id, { active: false })
    await expect(remove()).rejects.toMatchObject(inUse)
    await registry.members.change(byAdmin(), id, { role: 'viewer' })
    const invitation = { email: 'new@acme.example', role: 'leaving', hours: 1 }
    const { id: invited } = await registry.invitations.invite(byAdmin(), invitation)
    await expect(remove()).rejects.toMatchObject(inUse)
    await registry.invitations.withdraw(byAdmin(), invited)
    await remove()
    await expect(remove()).rejects.toMatchObject({ code: 'registry.unknown-role' })
  })

  test('are not removed while somebody is being given one', async () => {
    for (let round = 0; round < 10; round++) {
      const key = `raced-${round}`
      await registry.roles.put(byAdmin(), key, draft('alert.read'))
      const { id } = await somebody({ registry, tokens }, demo, { role: 'viewer' })
      await Promise.allSettled([
        registry.roles.remove(byAdmin(), key),
        registry.members.change(byAdmin(), id, { role: key }),
      ])
      const exists = (await registry.roles.list(demo.tenant)).some((role) => role.key === key)
      const member = (await registry.members.list(demo.tenant, '')).find((m) => m.person === id)
      expect(member?.role === key).toBe(exists)
    }
  })
})

test('a permission that this Pulse does not know is left out', async () => {
  await registry.roles.put(byAdmin(), 'newer', draft('alert.read'))
  await db.superuser()`
    update registry.role set permissions = '{alert.read,moon.write,__proto__}' where key = 'newer'`
  expect(await registry.roles.role(demo.tenant, 'newer')).toMatchObject({
    permissions: ['alert.read'],
  })
})
