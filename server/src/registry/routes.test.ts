import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createShell, inTenant, manualClock, type Shell } from '#platform'
import { type TestDatabase, testDatabase, testLog, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import type { Registry } from './registry.ts'
import { registryRoutes } from './routes.ts'
import { somebody } from './test-people.ts'
import { startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let shell: Shell
const tokens = testTokens(startMs)
const bearers: Record<string, string> = {}

beforeAll(async () => {
  db = await testDatabase()
  ;({ registry, demo } = await testRegistry(db, manualClock(startMs), { identity: tokens }))
  shell = await createShell({
    log: testLog,
    version: 'test',
    authenticate: registry.people.authenticate,
  })
  registryRoutes(shell, registry)
  for (const role of ['viewer', 'engineer'] as const) {
    bearers[role] = (await somebody({ registry, tokens }, demo, { role, name: role })).bearer
  }
})
afterAll(async () => {
  await shell?.close()
  await registry?.close()
  await db?.drop()
})

const call = async (
  role: string | undefined,
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  payload?: object,
) => {
  const headers = role === undefined ? {} : { authorization: `Bearer ${bearers[role]}` }
  const answer = await shell.inject({ method, url, headers, ...(payload ? { payload } : {}) })
  return {
    status: answer.statusCode,
    body: answer.body === '' ? undefined : answer.json<Record<string, never>>(),
  }
}

describe('sessions', () => {
  test('are told to their bearer, and nobody else', async () => {
    expect(await call('viewer', 'GET', '/v1/session')).toMatchObject({
      status: 200,
      body: { person: { username: 'viewer' }, tenants: [{ key: 'demo', role: 'viewer' }] },
    })
    expect(await call(undefined, 'GET', '/v1/session')).toMatchObject({
      status: 401,
      body: { code: 'registry.unauthenticated' },
    })
  })

  test('end by DELETE', async () => {
    const leaving = await somebody({ registry, tokens }, demo, { role: 'viewer' })
    bearers['leaving'] = leaving.bearer
    expect((await call('leaving', 'DELETE', '/v1/session')).status).toBe(204)
    expect((await call('leaving', 'GET', '/v1/session')).status).toBe(401)
    expect((await call('viewer', 'GET', '/v1/session')).status).toBe(200)
  })
})

describe('devices', () => {
  test('are registered once, with an event and an audit row', async () => {
    const payload = { key: 'gw-1', type: 'gateway', site: 'muc', tags: { env: 'prod' } }
    expect(await call('engineer', 'POST', '/v1/devices', payload)).toEqual({
      status: 201,
      body: { key: 'gw-1' },
    })
    expect(await call('engineer', 'POST', '/v1/devices', payload)).toMatchObject({
      status: 409,
      body: { code: 'registry.device-exists' },
    })
    const [events, audits] = await inTenant(db.as('pulse_app'), demo.tenant, (sql) =>
      Promise.all([
        sql`select data from platform.outbox where subject = 'device:gw-1'`,
        sql`select actor_kind, action, after, request_id from platform.audit where subject = 'device:gw-1'`,
      ]),
    )
    expect(events).toEqual([{ data: { device: 'gw-1', type: 'gateway' } }])
    expect(audits).toMatchObject([
      {
        actor_kind: 'person',
        action: 'registry.device-registered',
        request_id: expect.stringMatching(/^rq_/),
      },
    ])
  })

  test.each([
    [{ key: 'x', type: 'nope' }, 404, 'registry.unknown-type'],
    [{ key: 'x', type: 'ups', site: 'nope' }, 404, 'registry.unknown-site'],
    [{ key: 'a/b', type: 'ups' }, 400, 'platform.invalid'],
    [{ type: 'ups' }, 400, 'platform.invalid'],
    [{ key: 'x', type: 'ups', name: 'a\0b' }, 400, 'platform.invalid'],
    [{ key: 'x', type: 'ups', tags: { env: '\ud800' } }, 400, 'platform.invalid'],
  ])('are refused: %j', async (payload, status, code) => {
    expect(await call('engineer', 'POST', '/v1/devices', payload)).toMatchObject({
      status,
      body: { code },
    })
  })

  test('are not registered by a viewer', async () => {
    expect(await call('viewer', 'POST', '/v1/devices', { key: 'y', type: 'ups' })).toMatchObject({
      status: 403,
      body: { code: 'registry.forbidden' },
    })
  })

  test('show their sites and types', async () => {
    const sites = await call('viewer', 'GET', '/v1/sites')
    expect(sites.body).toMatchObject({
      items: [{ key: 'dal-2', name: 'Dallas 2', lat: 32.8 }, { key: 'muc' }],
    })
    const types = await call('viewer', 'GET', '/v1/types')
    expect(types.body).toMatchObject({
      items: [{ key: 'gateway' }, { key: 'ups', staleAfterS: 90 }],
    })
  })
})

describe('tokens', () => {
  const url = '/v1/devices/tok-1/tokens'
  beforeAll(() => registry.devices.registerDevice(demo, { key: 'tok-1', type: 'ups' }))

  test('are shown once, listed without their secret, and revoked for good', async () => {
    const made = await call('engineer', 'POST', url)
    expect(made.status).toBe(201)
    const { id, token } = made.body as unknown as { id: string; token: string }
    expect(await registry.directory.login('demo/tok-1', token)).toMatchObject({ ok: true })
    const listed = await call('viewer', 'GET', url)
    expect(listed.body).toMatchObject({ items: [{ id, revokedAt: null }] })
    expect(JSON.stringify(listed.body)).not.toContain(token.slice(-43))

    expect((await call('engineer', 'DELETE', `${url}/${id}`)).status).toBe(204)
    expect((await call('engineer', 'DELETE', `${url}/${id}`)).status).toBe(204)
    expect(await registry.directory.login('demo/tok-1', token)).toEqual({
      ok: false,
      why: 'revoked',
    })
    const events = await inTenant(
      db.as('pulse_app'),
      demo.tenant,
      (sql) => sql`select data from platform.outbox where type = 'registry.token-revoked'`,
    )
    expect(events).toEqual([{ data: { device: 'tok-1', token: id } }])
    const audits = await inTenant(
      db.as('pulse_app'),
      demo.tenant,
      (sql) => sql`select a::text as text from platform.audit a`,
    )
    expect(JSON.stringify(audits)).toContain('registry.token-created')
    expect(JSON.stringify(audits)).toContain('registry.token-revoked')
    expect(JSON.stringify(audits)).not.toContain(token.slice(-43))
  })

  test('of unknown devices and unknown ids are refused', async () => {
    expect(await call('engineer', 'POST', '/v1/devices/nope/tokens')).toMatchObject({
      status: 404,
      body: { code: 'registry.unknown-device' },
    })
    expect(await call('engineer', 'DELETE', `${url}/00000000`)).toMatchObject({
      status: 404,
      body: { code: 'registry.unknown-token' },
    })
  })

  test('are made for many devices at once, or for none when one is unknown', async () => {
    const devices = [1, 2, 3].map((each) => ({ key: `many-${each}`, type: 'ups' }))
    const ids = await registry.devices.registerDevices(demo, [...devices, ...devices])
    expect([...ids.keys()].sort()).toEqual(['many-1', 'many-2', 'many-3'])
    expect(await registry.devices.registerDevices(demo, devices)).toEqual(ids)
    const tokens = await registry.devices.createTokens(demo, ['many-2', 'many-1'])
    expect(tokens.map(({ device }) => device)).toEqual(['many-2', 'many-1'])
    await expect(registry.devices.createTokens(demo, ['many-3', 'nope'])).rejects.toMatchObject({
      code: 'registry.unknown-device',
    })
    expect(await registry.devices.tokens(demo.tenant, 'many-3')).toEqual([])
  })
})

test('a second creation of a tenant finds the first', async () => {
  const again = await registry.tenants.createTenant({ key: 'demo', name: 'Other name' }, demo.actor)
  expect(again).toEqual({ id: demo.tenant, created: false })
  const made = await Promise.all(
    [1, 2, 3].map(() => registry.tenants.createTenant({ key: 'raced', name: 'Raced' }, demo.actor)),
  )
  expect(new Set(made.map(({ id }) => id)).size).toBe(1)
  expect(made.filter(({ created }) => created)).toHaveLength(1)
})
