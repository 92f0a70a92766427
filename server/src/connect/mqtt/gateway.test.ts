import type { IPublishPacket, MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../testing/index.ts'
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

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  const owner = database.as('pulse_owner')
  await owner`truncate connect.session, connect.subscription, connect.inbound, connect.outbound, connect.command`
  under = await startTestGateway({
    pipeline: database.as('pulse_pipeline'),
    app: database.as('pulse_app'),
  })
})
afterEach(() => under.close())

const kept4 = { protocolVersion: 4, clean: false, clientId: 'kept' } as const
const kept5 = {
  protocolVersion: 5,
  clean: false,
  clientId: 'kept',
  properties: { sessionExpiryInterval: 3600 },
} as const

function publish(
  client: MqttClient,
  topic: string,
  payload: string,
  qos: 0 | 1 | 2 = 1,
): Promise<{ reasonCode?: number }> {
  return new Promise((resolve, reject) => {
    client.publish(topic, payload, { qos }, (error, packet) => {
      if (error) reject(error)
      else resolve((packet ?? {}) as { reasonCode?: number })
    })
  })
}

describe.for([4, 5] as const)('MQTT of level %i', (protocolVersion) => {
  test.for([0, 1, 2] as const)('hands a QoS %i message to the ingress', async (qos) => {
    const client = await under.connected({ protocolVersion })
    await publish(client, '~/telemetry', 'hello', qos)
    await publish(client, 'pulse/v1/acme/d1/event', 'there', qos)
    await until(() => under.ingress.published.length === 2)
    expect(under.ingress.published.map(({ channel, text }) => [channel, text])).toEqual([
      ['telemetry', 'hello'],
      ['event', 'there'],
    ])
  })

  test('tells a wrong token from an unknown device in nothing', async () => {
    const errors: number[] = []
    for (const login of [
      { password: 'wrong' },
      { username: 'acme/nobody' },
      { username: 'nobody' },
    ]) {
      const client = under.client({ protocolVersion, ...login })
      errors.push(
        await new Promise((resolve) =>
          client.once('error', (e) => resolve((e as unknown as { code: number }).code)),
        ),
      )
    }
    expect(errors).toEqual(protocolVersion === 5 ? [0x86, 0x86, 0x86] : [4, 4, 4])
    expect(under.ingress.rejections.map(({ code }) => code)).toEqual(
      Array(3).fill('connect.unauthenticated'),
    )
  })
})

test('acknowledges in the order of arrival, whatever settles first', async () => {
  under.ingress.automatic = false
  const raw = under.raw()
  raw.send(connectBytes())
  await raw.bytes(4)
  for (const packetId of [1, 2, 3]) raw.send(publishBytes('~/telemetry', 'x', { qos: 1, packetId }))
  raw.send(publishBytes('~/nowhere', 'x', { qos: 1, packetId: 4 }))
  await until(() => under.ingress.published.length === 3)
  const [first, second, third] = under.ingress.published
  third?.settle()
  second?.settle({
    kind: 'refused',
    total: 1,
    items: [{ index: 0, code: 'connect.schema', detail: 'no', id: undefined }],
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(raw.received().length).toBe(4)
  first?.settle()
  const bytes = await raw.bytes(20)
  expect([...bytes.subarray(4)]).toEqual([1, 2, 3, 4].flatMap((id) => [0x40, 2, 0, id]))
})

test('acknowledges nothing before it is settled', async () => {
  under.ingress.automatic = false
  const client = await under.connected()
  let acknowledged = false
  const publishing = publish(client, '~/telemetry', 'x').then(() => {
    acknowledged = true
  })
  await until(() => under.ingress.published.length === 1)
  expect(acknowledged).toBe(false)
  under.ingress.published[0]?.settle()
  await publishing
})

describe('a kept session', () => {
  test.for([kept4, kept5])(
    'goes on where it was: subscriptions, queue, order, duplicates (%#)',
    async (options) => {
      const device = testDevice(1)
      const first = await under.connected(options)
      await first.subscribeAsync('~/commands/+', { qos: 1 })
      first.end(true)
      await until(() => under.gateway.stats().connected === 0)
      for (const n of [1, 2, 3]) {
        await under.downlink.send({
          device,
          channel: `commands/c${n}`,
          payload: Buffer.from(`${n}`),
          qos: 1,
          expiresAt: Date.now() + 60_000,
        })
      }
      const got: IPublishPacket[] = []
      const second = under.client(options)
      second.handleMessage = (packet) => void got.push(packet) // never acknowledged
      const connack = await new Promise<{ sessionPresent: boolean }>((resolve) =>
        second.once('connect', resolve),
      )
      expect(connack.sessionPresent).toBe(true)
      await until(() => got.length >= 1)
      second.end(true)
      await until(() => under.gateway.stats().connected === 0)

      const again: IPublishPacket[] = []
      const third = under.client(options)
      third.on('message', (_topic, _payload, packet) => again.push(packet))
      await until(() => again.length === 3)
      expect(again.map(({ topic, payload }) => [topic, payload.toString()])).toEqual([
        ['~/commands/c1', '1'],
        ['~/commands/c2', '2'],
        ['~/commands/c3', '3'],
      ])
      expect(again[0]?.dup).toBe(true)
      expect(again[0]?.messageId).toBe(got[0]?.messageId)
      const pipeline = database.as('pulse_pipeline')
      await until(async () => (await pipeline`select 1 from connect.outbound`).length === 0)
    },
  )

  test('is gone when the client begins anew', async () => {
    const first = await under.connected(kept5)
    await first.subscribeAsync('~/#')
    first.end(true)
    await until(() => under.gateway.stats().connected === 0)
    await under.downlink.send({
      device: testDevice(1),
      channel: 'notice',
      payload: Buffer.from('for the first'),
      qos: 1,
      expiresAt: Date.now() + 60_000,
    })
    const second = under.client({ ...kept5, clean: true })
    const connack = await new Promise<{ sessionPresent: boolean }>((resolve) =>
      second.once('connect', resolve),
    )
    expect(connack.sessionPresent).toBe(false)
    const rows = await database.as('pulse_pipeline')`
      select 1 from connect.subscription union all select 1 from connect.outbound`
    expect(rows.length).toBe(0)
  })
})

describe('QoS 2', () => {
  test('hands a message over once, however often it is sent before PUBREL', async () => {
    const raw = under.raw()
    raw.send(connectBytes({ clean: false }))
    await raw.bytes(4)
    raw.send(publishBytes('~/telemetry', 'x', { qos: 2, packetId: 7 }))
    await raw.bytes(8)
    raw.send(publishBytes('~/telemetry', 'x', { qos: 2, packetId: 7, flags: 8 }))
    await raw.bytes(12)
    raw.send(Buffer.from([0x62, 2, 0, 7]))
    const bytes = await raw.bytes(16)
    expect([...bytes.subarray(4)]).toEqual([0x50, 2, 0, 7, 0x50, 2, 0, 7, 0x70, 2, 0, 7])
    expect(under.ingress.published.length).toBe(1)
    expect(under.ingress.published[0]?.origin.qos2).toMatchObject({ packetId: 7 })
    raw.send(publishBytes('~/telemetry', 'y', { qos: 2, packetId: 7 }))
    await until(() => under.ingress.published.length === 2)
  })

  test('knows a message of before the connection was lost', async () => {
    const raw = under.raw()
    raw.send(connectBytes({ clean: false }))
    await raw.bytes(4)
    raw.send(publishBytes('~/telemetry', 'x', { qos: 2, packetId: 9 }))
    await raw.bytes(8)
    // What the pipeline does in the transaction of the message.
    const { qos2 } = under.ingress.published[0]?.origin ?? {}
    await database.as('pulse_pipeline')`
      insert into connect.inbound values (${qos2?.session ?? 0}, ${qos2?.packetId ?? 0})`
    raw.socket.destroy()
    const again = under.raw()
    again.send(connectBytes({ clean: false }))
    expect([...(await again.bytes(4))]).toEqual([0x20, 2, 1, 0])
    again.send(publishBytes('~/telemetry', 'x', { qos: 2, packetId: 9, flags: 8 }))
    await again.bytes(8)
    expect(under.ingress.published.length).toBe(1)
    again.send(Buffer.from([0x62, 2, 0, 9]))
    await again.bytes(12)
    expect((await database.as('pulse_pipeline')`select 1 from connect.inbound`).length).toBe(0)
  })
})
