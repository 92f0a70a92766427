import type { IConnackPacket, MqttClient } from 'mqtt'
import { generate, type IConnectPacket, type IPublishPacket, parser } from 'mqtt-packet'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ManualClock, manualClock } from '#platform'
import { type TestDatabase, testDatabase } from '#testing'
import {
  connectBytes,
  publishBytes,
  startTestGateway,
  type TestGateway,
  testDevice,
  until,
} from './testing.ts'

let database: TestDatabase
let under: TestGateway
let clock: ManualClock

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  const owner = database.as('pulse_owner')
  await owner`truncate connect.session, connect.subscription, connect.inbound, connect.outbound, connect.command`
  clock = manualClock(Date.now())
  under = await startTestGateway({
    pipeline: database.as('pulse_pipeline'),
    app: database.as('pulse_app'),
    clock,
  })
})
afterEach(() => under.close())

const connack = (client: MqttClient): Promise<IConnackPacket> =>
  new Promise((resolve) => client.once('connect', resolve))

const connect5: IConnectPacket = {
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 5,
  clientId: 'c',
  clean: true,
  username: 'acme/d1',
  password: Buffer.from('secret'),
}

/** The messages among what a server of MQTT 5 sent. */
function publishesIn(bytes: Buffer): IPublishPacket[] {
  const found: IPublishPacket[] = []
  const made = parser({ protocolVersion: 5 })
  made.on('packet', (packet) => {
    if (packet.cmd === 'publish') found.push(packet)
  })
  made.parse(bytes)
  return found
}

const kept = (seconds: number) => ({ clean: false, properties: { sessionExpiryInterval: seconds } })

/** Ticks until `condition` holds. */
async function ticking(condition: () => boolean | Promise<boolean>): Promise<void> {
  await until(async () => {
    clock.advance(1000)
    return condition()
  })
}

const waiting = async (): Promise<number> =>
  (await database.as('pulse_pipeline')`select 1 from connect.outbound`).length

const send = (n: number, channel = 'commands/c') =>
  under.downlink.send({
    device: testDevice(1),
    channel: `${channel}${n}`,
    payload: Buffer.from(String(n)),
    qos: 1,
    expiresAt: clock.now() + 60_000,
  })

test('CONNACK says what Pulse grants', async () => {
  const client = under.client({
    clientId: '',
    properties: { sessionExpiryInterval: 1e9 },
    keepalive: 0,
  })
  const { properties, sessionPresent } = await connack(client)
  expect(sessionPresent).toBe(false)
  expect(properties).toMatchObject({
    retainAvailable: false,
    sharedSubscriptionAvailable: false,
    receiveMaximum: 1000,
    maximumPacketSize: 256 * 1024,
    topicAliasMaximum: 16,
    sessionExpiryInterval: 7 * 86_400,
    serverKeepAlive: 3600,
  })
  expect(properties).not.toHaveProperty('maximumQoS')
  expect(properties?.assignedClientIdentifier).toMatch(/^pulse-/)
})

describe('a CONNECT of MQTT 5', () => {
  const will = { topic: '~/event', payload: Buffer.from('{}'), qos: 0 as const, retain: true }
  test.for([
    ['a receive maximum of 0', { properties: { receiveMaximum: 0 } }, 0x82],
    ['a maximum packet size of 0', { properties: { maximumPacketSize: 0 } }, 0x82],
    ['extended authentication', { properties: { authenticationMethod: 'SCRAM' } }, 0x8c],
    ['a will that is to be retained', { will }, 0x9a],
    ['a client id without end', { clientId: 'x'.repeat(257) }, 0x85],
    ['a client id with U+0000', { clientId: 'a\u0000' }, 0x81],
  ] as const)('with %s is refused with its reason', async ([, more, code]) => {
    const raw = under.raw()
    raw.send(generate({ ...connect5, ...more } as IConnectPacket, { protocolVersion: 5 }))
    await raw.closed
    const bytes = raw.received()
    expect([bytes[0], bytes[3]]).toEqual([0x20, code])
    expect(under.gateway.stats().sockets).toBe(0)
  })

  test('with a property that stands twice is refused', async () => {
    const raw = under.raw()
    const bytes = Buffer.from(connectBytes({ version: 5 }))
    const twice = [0x21, 0, 9, 0x21, 0, 8]
    const made = Buffer.concat([
      bytes.subarray(0, 12),
      Buffer.from([twice.length, ...twice]),
      bytes.subarray(13),
    ])
    made[1] = (made[1] as number) + twice.length
    raw.send(made)
    await raw.closed
    expect(raw.received()[3]).toBe(0x82)
  })
})

describe('a client id', () => {
  test('that is empty is refused to MQTT 3.1.1 when the session is to be kept', async () => {
    const raw = under.raw()
    raw.send(connectBytes({ clientId: '', clean: false }))
    expect([...(await raw.bytes(4))]).toEqual([0x20, 2, 0, 2])
  })

  test('of another device is another session', async () => {
    const one = await under.connected({ clientId: 'same' })
    const other = await under.connected({ clientId: 'same', username: 'acme/d2' })
    expect([one.connected, other.connected]).toEqual([true, true])
    expect(under.gateway.stats().connected).toBe(2)
  })
})

describe('a second connection of a session', () => {
  test('takes it over, also when the first is busy; the first is told so', async () => {
    under.ingress.automatic = false
    const first = await under.connected({ clientId: 'one', ...kept(60) })
    const codes: unknown[] = []
    first.on('packetreceive', (packet) =>
      codes.push((packet as { reasonCode?: number }).reasonCode),
    )
    first.publish('~/telemetry', 'x', { qos: 1 })
    first.publish('~/telemetry', 'x', { qos: 2 })
    await until(() => under.ingress.published.length === 2)
    const second = under.client({ clientId: 'one', ...kept(60) })
    const answer = connack(second)
    await until(() => codes.length > 0)
    expect(codes).toEqual([0x8e])
    // The second waits until it is known what became of the first one's messages.
    expect(second.connected).toBe(false)
    for (const one of under.ingress.published) one.settle()
    expect((await answer).sessionPresent).toBe(true)
    expect(under.gateway.stats().connected).toBe(1)
    expect(under.ingress.presences.map((one) => [one.connected, one.session.reason])).toEqual([
      [true, undefined],
      [false, 'taken-over'],
      [true, undefined],
    ])
  })

  test('many at once leave exactly one', async () => {
    for (let n = 0; n < 20; n++) under.client({ clientId: 'race', ...kept(60) })
    await until(() => under.gateway.stats().accepted === 20)
    await until(() => under.gateway.stats().sockets === 1)
    expect(under.gateway.stats().connected).toBe(1)
    const rows = await database.as('pulse_pipeline')`select expires_at from connect.session`
    expect(rows.map((row) => row['expires_at'])).toEqual([null])
  })
})

describe('a kept session', () => {
  test('ends when its time is over, and not before', async () => {
    const first = await under.connected({ clientId: 'k', ...kept(60) })
    await first.subscribeAsync('~/commands/+', { qos: 1 })
    await first.endAsync()
    await until(() => under.gateway.stats().connected === 0)
    clock.advance(59_000)
    expect((await connack(under.client({ clientId: 'k', ...kept(60) }))).sessionPresent).toBe(true)
    under.gateway.kick(1, 'connect.revoked')
    await until(async () => {
      const [row] = await database.as('pulse_pipeline')`select expires_at from connect.session`
      return row?.['expires_at'] !== null
    })
    clock.advance(61_000)
    expect((await connack(under.client({ clientId: 'k', ...kept(60) }))).sessionPresent).toBe(false)
  })

  test('that has expired is swept away', async () => {
    const client = await under.connected({ clientId: 'k', ...kept(5) })
    await client.endAsync()
    await ticking(
      async () => (await database.as('pulse_pipeline')`select 1 from connect.session`).length === 0,
    )
  })

  test('is not kept when DISCONNECT says so', async () => {
    const client = await under.connected({ clientId: 'k', ...kept(60) })
    client.end(false, { reasonCode: 0, properties: { sessionExpiryInterval: 0 } })
    await until(
      async () => (await database.as('pulse_pipeline')`select 1 from connect.session`).length === 0,
    )
  })

  test('begins to expire when Pulse stops', async () => {
    await under.connected({ clientId: 'k', ...kept(60) })
    await under.gateway.close()
    const [row] = await database.as('pulse_pipeline')<{ expiresAt: Date | null }[]>`
      select expires_at as "expiresAt" from connect.session`
    expect(row?.expiresAt?.getTime()).toBe(clock.now() + 60_000)
  })

  test('that a crash left open expires from the next start on', async () => {
    await database.as('pulse_pipeline')`
      insert into connect.session (tenant, device, client_id, protocol, expiry_s, connected_at)
      values (1, 1, 'crashed', 5, 60, now())`
    await under.gateway.start()
    expect((await connack(under.client({ clientId: 'crashed', ...kept(60) }))).sessionPresent).toBe(
      true,
    )
  })
})

describe('what goes down', () => {
  test('waits for whichever session subscribes first, in order', async () => {
    for (const n of [1, 2, 3]) await send(n)
    await send(9, 'other/')
    const client = await under.connected()
    const got: string[] = []
    client.on('message', (_, payload) => got.push(payload.toString()))
    await client.subscribeAsync('pulse/v1/acme/d1/commands/+', { qos: 1 })
    await until(() => got.length === 3)
    expect(got).toEqual(['1', '2', '3'])
    await until(async () => (await waiting()) === 1)
  })

  test('comes at once to a client that is there, and in order', async () => {
    const client = await under.connected()
    const got: string[] = []
    client.on('message', (_, payload) => got.push(payload.toString()))
    await client.subscribeAsync('~/commands/+', { qos: 1 })
    for (let n = 0; n < 200; n++) await send(n)
    await until(() => got.length === 200)
    expect(got).toEqual(Array.from({ length: 200 }, (_, n) => String(n)))
    await until(async () => (await waiting()) === 0)
  })

  test('never exceeds what the client takes at once', async () => {
    const raw = under.raw()
    raw.send(
      generate({ ...connect5, properties: { receiveMaximum: 3 } }, { protocolVersion: 5 }),
      generate(
        { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '~/commands/+', qos: 1 }] },
        { protocolVersion: 5 },
      ),
    )
    for (let n = 0; n < 8; n++) await send(n)
    await until(() => publishesIn(raw.received()).length >= 3)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(publishesIn(raw.received()).map(({ payload }) => String(payload))).toEqual([
      '0',
      '1',
      '2',
    ])
    const acknowledged = new Set<number>()
    await until(() => {
      for (const { messageId = 0 } of publishesIn(raw.received())) {
        if (acknowledged.has(messageId)) continue
        acknowledged.add(messageId)
        raw.send(Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]))
      }
      return acknowledged.size === 8
    })
    await until(async () => (await waiting()) === 0)
  })

  test('expires', async () => {
    await send(1)
    await ticking(async () => (await waiting()) === 0)
    const client = await under.connected()
    const got: string[] = []
    client.on('message', (_, payload) => got.push(payload.toString()))
    await client.subscribeAsync('~/commands/+', { qos: 1 })
    await send(2)
    await until(() => got.length === 1)
    expect(got).toEqual(['2'])
  })

  test('is not sent twice to two connections of a device', async () => {
    const got: string[] = []
    for (const clientId of ['a', 'b']) {
      const client = await under.connected({ clientId })
      client.on('message', (_, payload) => got.push(payload.toString()))
      await client.subscribeAsync('~/commands/+', { qos: 1 })
    }
    for (let n = 0; n < 30; n++) await send(n)
    await until(async () => (await waiting()) === 0)
    expect(got.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n))
  })

  test('is gone at once to a client that takes QoS 0', async () => {
    const client = await under.connected()
    const got: number[] = []
    client.on('message', (_topic, _payload, packet) => got.push(packet.qos))
    await client.subscribeAsync('~/commands/+', { qos: 0 })
    await send(1)
    await until(() => got.length === 1)
    expect(got).toEqual([0])
    await until(async () => (await waiting()) === 0)
  })
})

describe('a topic alias', () => {
  test('stands for its topic, until it is given another', async () => {
    const client = under.client()
    await connack(client)
    const alias = (topic: string) =>
      client.publishAsync(topic, topic || 'alias', { qos: 1, properties: { topicAlias: 5 } })
    await alias('~/telemetry')
    await alias('')
    await alias('~/event')
    await alias('')
    expect(under.ingress.published.map(({ channel, text }) => [channel, text])).toEqual([
      ['telemetry', '~/telemetry'],
      ['telemetry', 'alias'],
      ['event', '~/event'],
      ['event', 'alias'],
    ])
  })
})

describe('a will', () => {
  const will = (properties: object = {}) => ({
    will: {
      topic: '~/event',
      payload: Buffer.from('{"name":"gone"}'),
      qos: 1 as const,
      retain: false,
      ...properties,
    },
  })

  test.for([4, 5] as const)(
    'is published when a connection of level %i is lost',
    async (protocolVersion) => {
      const client = await under.connected({ protocolVersion, ...will() })
      client.stream.destroy()
      await until(() => under.ingress.published.length === 1)
      expect(under.ingress.published[0]).toMatchObject({
        channel: 'event',
        text: '{"name":"gone"}',
      })
    },
  )

  test('is not published after DISCONNECT, unless the client wants it', async () => {
    const first = await under.connected({ clientId: 'a', ...will() })
    await first.endAsync()
    await until(() => under.gateway.stats().connected === 0)
    expect(under.ingress.published).toEqual([])
    const second = await under.connected({ clientId: 'b', ...will() })
    second.end(false, { reasonCode: 4 })
    await until(() => under.ingress.published.length === 1)
  })

  test('waits for its delay, and not at all when the session goes on', async () => {
    const delayed = {
      ...will({ properties: { willDelayInterval: 30 } }),
      clientId: 'w',
      ...kept(60),
    }
    const first = await under.connected(delayed)
    first.stream.destroy()
    await until(() => under.gateway.stats().connected === 0)
    clock.advance(20_000)
    const second = await under.connected(delayed)
    clock.advance(20_000)
    expect(under.ingress.published).toEqual([])
    second.stream.destroy()
    await until(() => under.gateway.stats().connected === 0)
    clock.advance(31_000)
    expect(under.ingress.published.length).toBe(1)
  })

  test('is not published when Pulse shuts down', async () => {
    await under.connected(will())
    await under.gateway.close()
    expect(under.ingress.published).toEqual([])
    expect(under.ingress.presences.at(-1)?.session.reason).toBe('shutdown')
  })

  test('of another device’s topic is refused in CONNACK', async () => {
    const client = under.client(will({ topic: 'pulse/v1/acme/d2/event' }))
    const error = await new Promise<{ code: number }>((resolve) =>
      client.once('error', (thrown) => resolve(thrown as unknown as { code: number })),
    )
    expect(error.code).toBe(0x87)
  })
})

test('a QoS 2 message is not taken twice when its connection was lost on the way', async () => {
  under.ingress.automatic = false
  const raw = under.raw()
  raw.send(connectBytes({ clean: false }))
  await raw.bytes(4)
  raw.send(publishBytes('~/telemetry', 'x', { qos: 2, packetId: 3 }))
  await until(() => under.ingress.published.length === 1)
  raw.socket.destroy()
  await until(() => under.gateway.stats().sockets === 0)
  const again = under.raw()
  again.send(
    connectBytes({ clean: false }),
    publishBytes('~/telemetry', 'x', { qos: 2, packetId: 3, flags: 8 }),
  )
  await until(() => under.gateway.stats().sockets === 1)
  const { qos2 } = under.ingress.published[0]?.origin ?? {}
  await database.as('pulse_pipeline')`
    insert into connect.inbound values (${qos2?.session ?? 0}, ${qos2?.packetId ?? 0})`
  under.ingress.published[0]?.settle()
  const bytes = await again.bytes(8)
  expect([...bytes]).toEqual([0x20, 2, 1, 0, 0x50, 2, 0, 3])
  expect(under.ingress.published.length).toBe(1)
})

test('an array at QoS 2 is remembered whole, not by its parts', async () => {
  const client = await under.connected({ clientId: 'arr', ...kept(60) })
  await client.publishAsync('~/telemetry', ' [{}]', { qos: 2 })
  expect(under.ingress.published[0]?.origin.qos2).toBeUndefined()
  expect(under.gateway.stats().messages).toBe(1)
})
