import type { EventDraft } from '@pulse/contract'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createShell, type ManualClock, manualClock } from '#platform'
import { type TestDatabase, testDatabase, testLog } from '#testing'
import { commandRoutes } from './command-routes.ts'
import { type Commands, createCommands } from './commands.ts'
import { startTestGateway, type TestGateway, testDirectory, until } from './mqtt/testing.ts'

let database: TestDatabase
let under: TestGateway
let commands: Commands
let clock: ManualClock

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  const owner = database.as('pulse_owner')
  await owner`
    truncate connect.session, connect.subscription, connect.inbound, connect.outbound, connect.command,
             platform.outbox`
  await database.forgetAudit()
  clock = manualClock(Date.now())
  under = await startTestGateway({
    pipeline: database.as('pulse_pipeline'),
    app: database.as('pulse_app'),
    clock,
    answerCommand: (...given) => commands.answer(...given),
  })
  commands = createCommands({
    app: database.as('pulse_app'),
    db: database.as('pulse_pipeline'),
    directory: testDirectory(),
    downlink: under.downlink,
    clock,
  })
})
afterEach(() => under.close())

const context = {
  tenantKey: 'acme',
  deviceKey: 'd1',
  actor: { kind: 'person' as const, id: 'pe_1' },
  requestId: 'rq_1',
  address: '::1',
}
const send = (name = 'reboot', ttlS = 60) =>
  commands.send(context, { name, payload: { delay: 5 }, ttlS })
const stateOf = async (): Promise<string | undefined> =>
  (await commands.list('acme', 'd1'))[0]?.state
const events = async (): Promise<string[]> => {
  const rows = await database.as('pulse_pipeline')<{ data: EventDraft['data'] }[]>`
    select data from platform.outbox where type = 'connect.command-changed' order by at, id`
  return rows.map(({ data }) => (data as { state: string }).state)
}

test('a command goes down, is acknowledged, and its answer comes up', async () => {
  const client = await under.connected()
  const got: Record<string, unknown>[] = []
  client.on('message', (topic, payload) => got.push({ topic, ...JSON.parse(payload.toString()) }))
  await client.subscribeAsync('~/commands/+', { qos: 1 })
  const sent = await send()
  expect(sent).toMatchObject({
    state: 'queued',
    device: 'd1',
    name: 'reboot',
    payload: { delay: 5 },
  })
  await until(() => got.length === 1)
  expect(got[0]).toEqual({
    topic: `~/commands/${sent.id}`,
    id: sent.id,
    name: 'reboot',
    payload: { delay: 5 },
    expiresAt: sent.expiresAt,
  })
  await until(async () => (await stateOf()) === 'acknowledged')
  await client.publishAsync(`~/commands/${sent.id}/result`, '{"ok":true}', { qos: 1 })
  const [answered] = await commands.list('acme', 'd1')
  expect(answered).toMatchObject({ state: 'answered', result: { ok: true } })
  expect([answered?.sentAt, answered?.acknowledgedAt, answered?.answeredAt].every(Boolean)).toBe(
    true,
  )
  expect((await events()).sort()).toEqual(['acknowledged', 'answered', 'queued', 'sent'])
  const audit = await database.as('pulse_owner')`select action, actor, subject from platform.audit`
  expect(audit).toMatchObject([
    { action: 'connect.command-sent', actor: 'pe_1', subject: 'device:d1' },
  ])
})

describe('a command for a device that is away', () => {
  test('waits for it, over a restart of Pulse', async () => {
    await send('first')
    await send('second')
    await under.close()
    under = await startTestGateway({
      pipeline: database.as('pulse_pipeline'),
      app: database.as('pulse_app'),
      clock,
    })
    const client = await under.connected()
    const got: string[] = []
    client.on('message', (_, payload) => got.push(JSON.parse(payload.toString()).name))
    await client.subscribeAsync('~/#', { qos: 1 })
    await until(() => got.length === 2)
    expect(got).toEqual(['first', 'second'])
  })

  test('expires, and says so', async () => {
    await send('late', 10)
    await until(async () => {
      clock.advance(1000)
      return (await stateOf()) === 'expired'
    })
    expect(await events()).toEqual(['queued', 'expired'])
  })

  test('goes to the next session when the one it was promised to has ended', async () => {
    const kept = { clientId: 'k', clean: false, properties: { sessionExpiryInterval: 600 } }
    const first = await under.connected(kept)
    await first.subscribeAsync('~/commands/+', { qos: 1 })
    await first.endAsync()
    await until(() => under.gateway.stats().connected === 0)
    await send()
    const again = await under.connected({ ...kept, clean: true })
    const got: string[] = []
    again.on('message', (topic) => got.push(topic))
    await again.subscribeAsync('~/commands/+', { qos: 1 })
    await until(() => got.length === 1)
  })
})

describe('a result', () => {
  /** The reason code of the PUBACK. */
  async function publish(
    topic: string,
    payload: string | Buffer,
    username = 'acme/d1',
  ): Promise<number> {
    const client = await under.connected({ username, clientId: `${Math.random()}` })
    return new Promise((resolve) => {
      client.once('packetreceive', (packet) =>
        resolve((packet as { reasonCode?: number }).reasonCode ?? 0),
      )
      client.publish(topic, payload, { qos: 1 }, () => {})
    })
  }

  test.for([
    ['for a command that is not there', 'cm_1', '{}', 0x90],
    ['that is not JSON', undefined, '{', 0x99],
    ['that is not UTF-8', undefined, Buffer.from([0xff]), 0x99],
    ['that is too large', undefined, `"${'x'.repeat(16 * 1024)}"`, 0x83],
    ['that nests without end', undefined, '['.repeat(8000) + ']'.repeat(8000), 0x99],
  ] as const)('%s is refused', async ([, id, payload, code]) => {
    const sent = await send()
    const answer = await publish(`~/commands/${id ?? sent.id}/result`, payload)
    // PostgreSQL of today reads even the last one; then it is stored, which is as good.
    if (code === 0x99 && answer === 0) expect(await stateOf()).toBe('answered')
    else {
      expect(answer).toBe(code)
      expect(await stateOf()).toBe('queued')
    }
  })

  test('of another device’s command is refused', async () => {
    const sent = await send()
    expect(await publish(`~/commands/${sent.id}/result`, '{}', 'acme/d2')).toBe(0x90)
  })

  test('that comes twice is stored once, and the first one stands', async () => {
    const sent = await send()
    expect(await publish(`~/commands/${sent.id}/result`, '1')).toBe(0)
    expect(await publish(`~/commands/${sent.id}/result`, '2')).toBe(0)
    expect((await commands.list('acme', 'd1'))[0]?.result).toBe(1)
  })
})

test('the routes send and list, for those who may', async () => {
  const membership = {
    tenant: 1,
    key: 'acme',
    name: 'Acme',
    region: 'us-west-2',
    role: 'technician' as const,
    permissions: new Set(['command.send', 'device.read'] as const),
    suspended: false,
    entering: undefined,
  }
  const shell = await createShell({
    log: testLog,
    version: '0',
    authenticate: async ({ headers }) => {
      if (headers.authorization === undefined) return undefined
      return { kind: 'person', id: 'pe_1', name: 'Pat', operator: false, tenants: [membership] }
    },
  })
  await shell.register(commandRoutes({ commands }))
  const url = '/v1/devices/d1/commands'
  const headers = { authorization: 'Bearer x' }
  const sent = await shell.inject({ method: 'POST', url, headers, payload: { name: 'reboot' } })
  expect([sent.statusCode, sent.json()]).toEqual([
    202,
    expect.objectContaining({ state: 'queued', payload: null }),
  ])
  const listed = await shell.inject({ url, headers })
  expect(listed.json()).toEqual({ items: [sent.json()] })
  const unknown = await shell.inject({
    method: 'POST',
    url: '/v1/devices/nobody/commands',
    headers,
    payload: { name: 'x' },
  })
  expect(unknown.statusCode).toBe(404)
  expect((await shell.inject({ method: 'POST', url, payload: { name: 'x' } })).statusCode).toBe(401)
  await shell.close()
})
