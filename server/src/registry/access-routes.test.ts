import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createShell, manualClock, type Shell } from '#platform'
import { type TestDatabase, testDatabase, testLog, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import type { Registry } from './registry.ts'
import { registryRoutes } from './routes.ts'
import { somebody } from './test-people.ts'
import { startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
let shell: Shell
let admin: string
let viewer: string
const clock = manualClock(startMs)
const tokens = testTokens(startMs)

beforeAll(async () => {
  db = await testDatabase()
  ;({ registry, demo, other } = await testRegistry(db, clock, { identity: tokens }))
  const { authenticate } = registry.people
  shell = await createShell({ log: testLog, version: 'test', authenticate })
  registryRoutes(shell, registry)
  admin = (await made(demo, 'admin', 'admin@acme.example')).bearer
  viewer = (await made(demo, 'viewer', 'viewer@acme.example')).bearer
})
afterAll(async () => {
  await shell?.close()
  await registry?.close()
  await db?.drop()
})

const made = (act: Act, role: 'viewer' | 'admin', email: string) =>
  somebody({ registry, tokens }, act, { role, email, name: email })

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
async function call(bearer: string | undefined, method: Method, url: string, payload?: object) {
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
  const answer = await shell.inject({ method, url, headers, ...(payload ? { payload } : {}) })
  const body = answer.body === '' ? {} : answer.json<Record<string, unknown>>()
  return { status: answer.statusCode, body }
}
const listed = async (url: string) => (await call(admin, 'GET', url)).body['items'] as object[]

describe('an invitation', () => {
  test('goes from an admin by its link to a person of another tenant, who is a member then', async () => {
    const draft = { email: 'grace@acme.example', role: 'engineer' }
    const invited = await call(admin, 'POST', '/v1/invitations', draft)
    expect(invited).toMatchObject({ status: 201, body: { state: 'open', role: 'engineer' } })
    const { token, id } = invited.body as { token: string; id: string }
    expect(JSON.stringify(await listed('/v1/invitations'))).not.toContain(token)

    const offered = await call(undefined, 'POST', '/v1/invitations/offer', { token })
    expect(offered).toMatchObject({ status: 200, body: { tenant: { key: 'demo' } } })
    const { bearer, id: person } = await made(other, 'viewer', 'grace@acme.example')
    const wrong = await call(viewer, 'POST', '/v1/invitations/accept', { token })
    expect(wrong).toMatchObject({ status: 403, body: { code: 'registry.other-email' } })
    expect((await call(bearer, 'POST', '/v1/invitations/accept', { token })).status).toBe(200)

    const session = await call(bearer, 'GET', '/v1/session')
    expect(session.body).toMatchObject({ tenants: [{ key: 'demo' }, { key: 'other' }] })
    expect(await listed('/v1/members')).toContainEqual(
      expect.objectContaining({ person, role: 'engineer', source: 'invited', self: false }),
    )
    const again = await call(undefined, 'POST', '/v1/invitations/offer', { token })
    expect(again).toMatchObject({ status: 404, body: { code: 'registry.unknown-invitation' } })
    expect((await call(admin, 'DELETE', `/v1/invitations/${id}`)).status).toBe(204)

    expect((await call(admin, 'DELETE', `/v1/members/${person}`)).status).toBe(204)
    expect((await call(admin, 'DELETE', `/v1/members/${person}`)).status).toBe(404)
    const after = await call(bearer, 'GET', '/v1/session')
    expect(after.body).toMatchObject({ tenants: [{ key: 'other' }] })
  })
})

describe('a role', () => {
  test('is made, given, taken and removed', async () => {
    const url = '/v1/roles/night-watch'
    const draft = { name: 'Night watch', permissions: ['alert.read', 'device.read'] }
    expect(await call(admin, 'PUT', url, draft)).toMatchObject({
      status: 200,
      body: { members: 0 },
    })
    const { id, bearer } = await made(demo, 'viewer', 'night@acme.example')
    const give = await call(admin, 'PATCH', `/v1/members/${id}`, { role: 'night-watch' })
    expect(give).toMatchObject({ status: 200, body: { role: 'night-watch' } })
    expect((await call(bearer, 'GET', '/v1/sites')).status).toBe(200)
    expect((await call(bearer, 'POST', '/v1/devices', { key: 'x', type: 'ups' })).status).toBe(403)
    expect((await call(admin, 'DELETE', url)).status).toBe(409)
    await call(admin, 'PATCH', `/v1/members/${id}`, { role: 'viewer' })
    expect((await call(admin, 'DELETE', url)).status).toBe(204)
    expect((await call(admin, 'GET', url)).status).toBe(404)
  })
})

describe('an API key', () => {
  test('is made, used in its bounds, and revoked', async () => {
    const expiresAt = new Date(startMs + 86_400_000).toISOString()
    const draft = { name: 'Billing', permissions: ['device.read'], expiresAt }
    const answer = await call(admin, 'POST', '/v1/api-keys', draft)
    expect(answer).toMatchObject({ status: 201, body: { name: 'Billing', revokedAt: null } })
    const { key, id } = answer.body as { key: string; id: string }
    expect(JSON.stringify(await listed('/v1/api-keys'))).not.toContain(key.slice(-43))
    expect((await call(key, 'GET', '/v1/sites')).status).toBe(200)
    expect((await call(key, 'GET', '/v1/members')).status).toBe(403)
    expect(await call(key, 'GET', '/v1/session')).toMatchObject({
      status: 403,
      body: { code: 'registry.people-only' },
    })
    expect((await call(admin, 'DELETE', `/v1/api-keys/${id}`)).status).toBe(204)
    expect((await call(key, 'GET', '/v1/sites')).status).toBe(401)
  })

  test.each(['member.write', 'role.write', 'key.write', 'session.own', 'no.such'])(
    'is not made with %s',
    async (permission) => {
      const expiresAt = new Date(startMs + 86_400_000).toISOString()
      const draft = { name: 'Greedy', permissions: [permission], expiresAt }
      expect((await call(admin, 'POST', '/v1/api-keys', draft)).status).toBe(400)
    },
  )
})

describe('a body', () => {
  test.each([
    ['PATCH', '/v1/members/pe_01939d3e-5a10-7c3e-8a10-0123456789ab', { role: 'viewer' }],
    ['PUT', '/v1/roles/strict', { name: 'Strict', permissions: ['alert.read'] }],
    ['POST', '/v1/invitations', { email: 'strict@acme.example', role: 'viewer' }],
  ] as const)('%s %s with a field too many is refused', async (method, url, payload) => {
    for (const field of ['tenant', 'operator', 'source', 'id']) {
      const answer = await call(admin, method, url, { ...payload, [field]: 'x' })
      expect(answer, field).toMatchObject({ status: 400, body: { code: 'platform.invalid' } })
    }
  })
})
