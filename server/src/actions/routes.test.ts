import { type Permission, problem, type Role, rolePermissions } from '@pulse/contract'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createShell, type Shell } from '#platform'
import { testLog } from '#testing'
import type { Actions } from './actions.ts'
import { actionsRoutes } from './routes.ts'
import { act, someAlert, type TestActions, testActions, until } from './test-kit.ts'
import { type TestReceiver, testReceiver } from './test-receiver.ts'

let kit: TestActions
let receiver: TestReceiver
let actions: Actions
let shell: Shell

/** Signs in whoever the header names: a role in tenant 1. */
const authenticate = async ({ headers }: { headers: Record<string, unknown> }) => {
  const role = headers['role'] as Role
  const permissions: ReadonlySet<Permission> = new Set(rolePermissions[role])
  const membership = {
    tenant: 1,
    key: 'demo',
    name: 'Demo',
    region: 'us-west-2',
    role,
    permissions,
    suspended: false,
    entering: undefined,
  }
  return { kind: 'person', id: 'ada', name: 'Ada', operator: false, tenants: [membership] } as const
}

beforeEach(async () => {
  receiver = await testReceiver()
  kit = await testActions()
  actions = kit.create({ retries: { waitsMs: [], retryAfterMaxMs: 0 } })
  shell = await createShell({ log: testLog, authenticate, version: 'test' })
  actionsRoutes(shell, actions)
})
afterEach(async () => {
  await shell.close()
  await kit.close()
  await receiver.close()
})

const call = async (role: Role, method: 'GET' | 'PUT' | 'POST', url: string, payload?: object) => {
  const answer = await shell.inject({
    method,
    url,
    headers: { role },
    ...(payload ? { payload } : {}),
  })
  return { status: answer.statusCode, body: answer.json() as Record<string, unknown> }
}
const hook = { name: 'Hooks', kind: 'webhook', url: 'https://hooks.example.com/pulse' }

describe('the routes of destinations', () => {
  test('show the secret to the admin who makes it, once', async () => {
    const made = await call('admin', 'PUT', '/v1/destinations/hooks', hook)
    expect(made.status).toBe(200)
    expect(made.body['secret']).toMatch(/^whsec_/)
    const again = await call('admin', 'PUT', '/v1/destinations/hooks', hook)
    expect(again.body).not.toHaveProperty('secret')
    const list = await call('viewer', 'GET', '/v1/destinations')
    expect(list.body).toEqual({ items: [again.body] })
    expect((await call('viewer', 'GET', '/v1/destinations/hooks')).body).toEqual(again.body)
  })

  test('let nobody allow a private address', async () => {
    const leave = { ...hook, privateAllowed: true }
    const made = await call('admin', 'PUT', '/v1/destinations/hooks', leave)
    expect(made.body['privateAllowed']).toBe(false)
    const inward = await call('admin', 'PUT', '/v1/destinations/inward', {
      ...leave,
      url: 'http://10.0.0.8/',
    })
    expect(inward.status).toBe(403)
    expect(problem.parse(inward.body).code).toBe('actions.private-address')
  })

  test('take nothing else from a body: no tenant, no secret, no time', async () => {
    const forged = {
      ...hook,
      tenant: 2,
      secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
      createdAt: '2020-01-01T00:00:00.000Z',
    }
    const made = await call('admin', 'PUT', '/v1/destinations/hooks', forged)
    expect(made.status).toBe(200)
    expect(made.body['secret']).not.toBe(forged.secret)
    expect(made.body['createdAt']).not.toBe(forged.createdAt)
    const rows = await kit.database.as('pulse_owner')`
      select tenant, secret, private_allowed from actions.destination`
    expect(rows).toEqual([{ tenant: 1, secret: null, private_allowed: false }])
  })

  test('refuse a body whose key is another', async () => {
    const answer = await call('admin', 'PUT', '/v1/destinations/hooks', { ...hook, key: 'other' })
    expect(answer).toMatchObject({ status: 400, body: { code: 'actions.bad-destination' } })
  })

  test('refuse who may not write, and what is not there', async () => {
    expect((await call('engineer', 'PUT', '/v1/destinations/hooks', hook)).status).toBe(403)
    expect(await call('viewer', 'GET', '/v1/destinations/hooks')).toMatchObject({
      status: 404,
      body: { code: 'actions.unknown-destination' },
    })
  })
})

describe('the routes of deliveries', () => {
  test('list, show and replay', async () => {
    const draft = { key: 'ops', name: 'Operations', url: receiver.url, privateAllowed: true }
    await actions.putDestination(act(), draft)
    receiver.answer((response) => response.writeHead(500).end('no'))
    await actions.start()
    await kit.commit(actions, someAlert(kit.clock).opened)
    await until(async () => (await kit.states())[0] === 'dead')

    const list = await call('viewer', 'GET', '/v1/deliveries?state=dead&limit=1')
    const [dead] = list.body['items'] as { id: string }[]
    expect(list.body['counts']).toEqual({ queued: 0, retrying: 0, delivered: 0, dead: 1 })
    const path = `/v1/deliveries/${dead?.id}`
    const detail = await call('viewer', 'GET', path)
    expect(detail.body).toMatchObject({
      url: receiver.url,
      body: { type: 'rules.alert-opened' },
      log: [{ number: 1, status: 500, error: 'Answered 500.', response: 'no' }],
    })
    expect((await call('technician', 'POST', `${path}/replay`)).status).toBe(403)
    expect((await call('engineer', 'POST', `${path}/replay`)).body['state']).toBe('queued')
  })

  test('say what is not there and what is no id', async () => {
    const missing = '/v1/deliveries/dl_01939d3e-0000-7000-8000-000000000000'
    expect((await call('viewer', 'GET', missing)).body['code']).toBe('actions.unknown-delivery')
    expect((await call('engineer', 'POST', `${missing}/replay`)).body['code']).toBe(
      'actions.unknown-delivery',
    )
    expect((await call('viewer', 'GET', '/v1/deliveries/7')).status).toBe(400)
  })
})
