import type { MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#testing'
import type { PublishOutcome } from '../ingress.ts'
import { connectBytes, publishBytes, startTestGateway, type TestGateway, until } from './testing.ts'

let database: TestDatabase
let under: TestGateway

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  under = await startTestGateway({
    pipeline: database.as('pulse_pipeline'),
    app: database.as('pulse_app'),
  })
})
afterEach(() => under.close())

interface Answer {
  readonly reasonCode: number | undefined
  readonly reason: string | undefined
}

/** Publishes and gives the PUBACK, refusals included. */
function publish(client: MqttClient, topic: string, payload = '{}'): Promise<Answer> {
  return new Promise((resolve) => {
    const look = (packet: { cmd: string }): void => {
      if (packet.cmd !== 'puback') return
      client.off('packetreceive', look)
      const { reasonCode, properties } = packet as {
        reasonCode?: number
        properties?: { reasonString?: string }
      }
      resolve({ reasonCode, reason: properties?.reasonString })
    }
    client.on('packetreceive', look)
    client.publish(topic, payload, { qos: 1 }, () => {})
  })
}

/** The messages that come on `errors`. */
async function errorsOf(client: MqttClient): Promise<Record<string, unknown>[]> {
  const told: Record<string, unknown>[] = []
  client.on('message', (topic, payload) => {
    if (topic === '~/errors') told.push(JSON.parse(payload.toString()))
  })
  await client.subscribeAsync('~/errors')
  return told
}

const refused = (
  code: 'connect.schema' | 'connect.malformed' | 'connect.too-large',
  detail: string,
): PublishOutcome => ({
  kind: 'refused',
  total: 1,
  items: [{ index: 0, code, detail, id: 'm1' }],
})

describe('a message that is refused for good', () => {
  test.for([
    ['connect.malformed', 0x99],
    ['connect.schema', 0x99],
    ['connect.too-large', 0x83],
  ] as const)('%s is told in PUBACK to MQTT 5, with its reason', async ([code, mqtt]) => {
    under.ingress.automatic = false
    const client = await under.connected()
    const told = await errorsOf(client)
    const answer = publish(client, '~/telemetry')
    await until(() => under.ingress.published.length === 1)
    under.ingress.published[0]?.settle(refused(code, 'data.metrics.t is no number'))
    expect(await answer).toEqual({
      reasonCode: mqtt,
      reason: `${code}: data.metrics.t is no number`,
    })
    await until(() => told.length === 1)
    expect(told[0]).toMatchObject({
      code,
      message: 'data.metrics.t is no number',
      topic: '~/telemetry',
      id: 'm1',
    })
    expect(told[0]).not.toHaveProperty('index')
  })

  test('is acknowledged to MQTT 3.1.1, and told on errors', async () => {
    under.ingress.automatic = false
    const client = await under.connected({ protocolVersion: 4 })
    const told = await errorsOf(client)
    const answer = publish(client, '~/telemetry')
    await until(() => under.ingress.published.length === 1)
    under.ingress.published[0]?.settle(refused('connect.schema', 'no'))
    await answer
    await until(() => told.length === 1)
    expect(told[0]).toMatchObject({ code: 'connect.schema' })
  })

  test('in an array is named by its index', async () => {
    under.ingress.automatic = false
    const client = await under.connected()
    const told = await errorsOf(client)
    const answer = publish(client, '~/telemetry', '[]')
    await until(() => under.ingress.published.length === 1)
    under.ingress.published[0]?.settle({
      kind: 'refused',
      total: 5,
      items: [
        { index: 1, code: 'connect.schema', detail: 'a', id: undefined },
        { index: 3, code: 'connect.clock-ahead', detail: 'b', id: undefined },
      ],
    })
    expect((await answer).reason).toBe('connect.schema: a (2 of 5 refused, first at 1)')
    await until(() => told.length === 2)
    expect(told.map(({ index }) => index)).toEqual([1, 3])
  })

  test('is told only when its recording is durable, and not at all when that fails', async () => {
    let settle: { resolve: () => void; reject: (error: Error) => void } | undefined
    under.ingress.recorded = () =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
      })
    const client = await under.connected()
    let told = false
    const answer = publish(client, '~/elsewhere').then((one) => {
      told = true
      return one
    })
    await until(() => under.ingress.rejections.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(told).toBe(false)
    settle?.resolve()
    expect((await answer).reasonCode).toBe(0x87)
    client.publish('~/elsewhere', 'x', { qos: 1 }, () => {})
    await until(() => under.ingress.rejections.length === 2)
    const away = new Promise((resolve) => client.once('close', () => resolve(true)))
    settle?.reject(new Error('the database is away'))
    await away
  })

  test('is told without a reason to those who want none', async () => {
    const client = await under.connected({ properties: { requestProblemInformation: false } })
    expect(await publish(client, '~/elsewhere')).toEqual({ reasonCode: 0x87, reason: undefined })
  })

  test('is told at most ten times a second', async () => {
    const client = await under.connected()
    const told = await errorsOf(client)
    for (let n = 0; n < 40; n++) await publish(client, '~/elsewhere')
    await until(() => under.gateway.stats().errorsDropped > 0)
    expect(told.length + under.gateway.stats().errorsDropped).toBe(40)
    expect(told.length).toBeLessThanOrEqual(20)
  })

  test('leaves a packet id free after PUBREC', async () => {
    under.ingress.automatic = false
    const client = await under.connected()
    const failed = new Promise((resolve) =>
      client.publish('~/telemetry', 'x', { qos: 2 }, (error) => resolve(error)),
    )
    await until(() => under.ingress.published.length === 1)
    under.ingress.published[0]?.settle(refused('connect.schema', 'no'))
    await expect(failed).resolves.toBeDefined()
  })
})

describe('a topic that is not the device’s own', () => {
  test.for([
    ['another device', 'pulse/v1/acme/d2/telemetry'],
    ['another tenant', 'pulse/v1/rival/d1/telemetry'],
    ['a prefix of its own', 'pulse/v1/acme/d11/telemetry'],
    ['a system topic', '$SYS/broker/load'],
    ['a slash before', '/pulse/v1/acme/d1/telemetry'],
    ['a double slash', 'pulse/v1/acme/d1//telemetry'],
    ['a slash behind', '~/telemetry/'],
    ['nothing below the prefix', '~/'],
    ['a tilde alone', '~'],
    ['a channel that only goes down', '~/errors'],
    ['another version', 'pulse/v2/acme/d1/telemetry'],
    ['upper case', 'Pulse/v1/acme/d1/telemetry'],
    ['a name of Object', '~/__proto__'],
  ])('%s: refused and recorded, and the connection stays', async ([, topic = '']) => {
    const client = await under.connected()
    const answer = await publish(client, topic, 'secret')
    expect(answer.reasonCode).toBe(0x87)
    expect(answer.reason).toMatch(/^connect\.topic: /)
    expect(under.ingress.published).toEqual([])
    expect(under.ingress.rejections).toMatchObject([
      { code: 'connect.topic', tenant: 1, origin: { topic, source: 'mqtt' } },
    ])
    expect(client.connected).toBe(true)
    await publish(client, '~/telemetry')
    expect(under.ingress.published.length).toBe(1)
  })

  test.for([
    ['a wildcard', '~/+', 0x90],
    ['a wildcard at the end', 'pulse/v1/acme/#', 0x90],
    ['U+0000', '~/tele\u0000metry', 0x90],
    ['a lone surrogate', Buffer.from([0x7e, 0x2f, 0xed, 0xa0, 0x80]), 0x81],
    ['an overlong form', Buffer.from([0x7e, 0xc0, 0xaf, 0x74]), 0x81],
    ['a cut character', Buffer.from([0x7e, 0x2f, 0xe2, 0x82]), 0x81],
  ] as const)('%s: recorded, and the connection ends', async ([, topic, code]) => {
    for (const version of [4, 5]) {
      const raw = under.raw()
      raw.send(connectBytes({ version, clientId: `v${version}` }))
      const connack = await raw.bytes(4)
      const begin = connack.length
      raw.send(publishBytes(topic, 'x', { qos: 1, version }))
      await raw.closed
      const rest = raw.received().subarray(begin)
      if (version === 4) expect([...rest]).toEqual([])
      else expect([rest[0], rest[2]]).toEqual([0xe0, code])
    }
    expect(under.ingress.rejections.map((one) => one.code)).toEqual([
      'connect.topic',
      'connect.topic',
    ])
  })
})

describe('a subscription', () => {
  test.for([
    ['~/errors', 0],
    ['~/#', 0],
    ['pulse/v1/acme/d1/commands/+', 1],
    ['pulse/v1/acme/d1/#', 2],
  ] as const)('to %s is granted, at most at QoS 1', async ([topic, qos]) => {
    const client = await under.connected()
    const [granted] = await client.subscribeAsync(topic, { qos })
    expect(granted?.qos).toBe(Math.min(qos, 1))
  })

  test.for([
    ['#', 0x87],
    ['+/errors', 0x87],
    ['$SYS/#', 0x87],
    ['pulse/v1/acme/+/errors', 0x87],
    ['pulse/v1/acme/d2/errors', 0x87],
    ['pulse/v1/acme/d1', 0x87],
    ['~/a#', 0x8f],
    ['~/#/a', 0x8f],
    ['~/a+', 0x8f],
    ['$share/g/~/errors', 0x9e],
  ] as const)('to %s is refused', async ([topic, code]) => {
    const raw = under.raw()
    raw.send(connectBytes({ version: 5 }))
    const begin = (await raw.bytes(4)).length
    raw.send(subscribeBytes(topic, 5))
    await until(() => raw.received().length > begin)
    expect(raw.received().at(-1)).toBe(code)
    const old = under.raw()
    old.send(connectBytes())
    await old.bytes(4)
    old.send(subscribeBytes(topic, 4))
    expect((await old.bytes(9)).at(-1)).toBe(0x80)
  })

  test('ends by UNSUBSCRIBE', async () => {
    for (const protocolVersion of [4, 5] as const) {
      const client = await under.connected({ protocolVersion, clientId: `u${protocolVersion}` })
      const told = await errorsOf(client)
      await client.unsubscribeAsync('~/errors')
      await publish(client, '~/elsewhere')
      expect(told).toEqual([])
    }
  })

  test('has its identifier on what it gets, and the form of its filter', async () => {
    const client = await under.connected()
    const got: { topic: string; id: unknown }[] = []
    client.on('message', (topic, _, packet) => {
      got.push({ topic, id: packet.properties?.subscriptionIdentifier })
    })
    await client.subscribeAsync('pulse/v1/acme/d1/errors', {
      qos: 0,
      properties: { subscriptionIdentifier: 300 },
    })
    await publish(client, '~/elsewhere')
    await until(() => got.length === 1)
    expect(got[0]).toEqual({ topic: 'pulse/v1/acme/d1/errors', id: 300 })
  })
})

function subscribeBytes(topic: string, version: number): Buffer {
  const name = Buffer.from(topic)
  const body = [0, 1, ...(version === 5 ? [0] : []), 0, name.length, ...name, 1]
  return Buffer.from([0x82, body.length, ...body])
}

describe('a message worth a retry', () => {
  const rate: PublishOutcome = { kind: 'retry', code: 'connect.rate', retryAfterMs: 10 }
  const away: PublishOutcome = { kind: 'retry', code: 'connect.unavailable', retryAfterMs: 10 }

  test.for([
    ['connect.rate', rate, 0x97],
    ['connect.unavailable', away, 0x89],
  ] as const)(
    '%s: never acknowledged; MQTT 5 is told why it is sent away',
    async ([code, outcome, mqtt]) => {
      under.ingress.automatic = false
      const client = await under.connected()
      const packets: {
        cmd: string
        reasonCode?: number
        properties?: { reasonString?: string }
      }[] = []
      client.on('packetreceive', (packet) => packets.push(packet as never))
      client.publish('~/telemetry', 'x', { qos: 1 }, () => {})
      await until(() => under.ingress.published.length === 1)
      under.ingress.published[0]?.settle(outcome)
      await until(() => packets.length > 0)
      expect(packets[0]).toMatchObject({ cmd: 'disconnect', reasonCode: mqtt })
      expect(packets[0]?.properties?.reasonString).toMatch(new RegExp(`^${code}: `))
    },
  )

  test('is redelivered by the client, and then acknowledged', async () => {
    under.ingress.automatic = false
    for (const protocolVersion of [4, 5] as const) {
      const before = under.ingress.published.length
      const client = await under.connected({
        protocolVersion,
        clientId: `again${protocolVersion}`,
        clean: false,
        reconnectPeriod: 50,
        properties: { sessionExpiryInterval: 60 },
      })
      const done = client.publishAsync('~/telemetry', 'x', { qos: 1 })
      await until(() => under.ingress.published.length === before + 1)
      under.ingress.published[before]?.settle(rate)
      await until(() => under.ingress.published.length === before + 2)
      under.ingress.published[before + 1]?.settle()
      await done
      await client.endAsync(true)
    }
  })

  test('acknowledges what came before it, and nothing after', async () => {
    under.ingress.automatic = false
    const raw = under.raw()
    raw.send(connectBytes())
    await raw.bytes(4)
    for (const packetId of [1, 2, 3])
      raw.send(publishBytes('~/telemetry', 'x', { qos: 1, packetId }))
    await until(() => under.ingress.published.length === 3)
    const [first, second, third] = under.ingress.published
    second?.settle(rate)
    third?.settle()
    first?.settle()
    await raw.closed
    expect([...raw.received().subarray(4)]).toEqual([0x40, 2, 0, 1])
  })

  test('of QoS 0 is tried again while its sender is slowed', async () => {
    under.ingress.automatic = false
    const client = await under.connected({ protocolVersion: 4 })
    client.publish('~/telemetry', 'first', { qos: 0 })
    await until(() => under.ingress.published.length === 1)
    under.ingress.published[0]?.settle(rate)
    client.publish('~/telemetry', 'second', { qos: 0 })
    await until(() => under.ingress.published.length === 2)
    expect(under.ingress.published[1]?.text).toBe('first')
    under.ingress.published[1]?.settle()
    await until(() => under.ingress.published.length === 3)
    expect(under.ingress.published[2]?.text).toBe('second')
  })
})

test('reads no socket while the lanes are full', async () => {
  under.ingress.congested = true
  const raw = under.raw()
  raw.send(connectBytes())
  await raw.bytes(4)
  for (let n = 1; n <= 50; n++)
    raw.send(publishBytes('~/telemetry', `${n}`, { qos: 1, packetId: n }))
  await until(() => under.ingress.published.length >= 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(under.ingress.published.length).toBe(1)
  under.ingress.drain()
  await until(() => under.ingress.published.length === 50)
  expect(under.ingress.published.map(({ text }) => Number(text))).toEqual(
    Array.from({ length: 50 }, (_, n) => n + 1),
  )
})

describe('a client that may not enter', () => {
  test.for([
    ['connect.revoked', 'revoked', 0x86, 4],
    ['connect.suspended', 'suspended', 0x87, 5],
  ] as const)('%s: is told so in CONNACK', async ([code, password, code5, code4]) => {
    for (const [protocolVersion, wanted] of [
      [5, code5],
      [4, code4],
    ] as const) {
      const client = under.client({ protocolVersion, password })
      const error = await new Promise<{ code: number }>((resolve) =>
        client.once('error', (thrown) => resolve(thrown as unknown as { code: number })),
      )
      expect(error.code).toBe(wanted)
    }
    expect(under.ingress.rejections.map((one) => one.code)).toEqual([code, code])
  })

  test('is gone at once when its token is revoked', async () => {
    const client = await under.connected()
    const packets: { cmd: string; reasonCode?: number }[] = []
    client.on('packetreceive', (packet) => packets.push(packet as never))
    under.gateway.kick(1, 'connect.revoked')
    await until(() => packets.length > 0)
    expect(packets[0]).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 })
    await until(() => under.gateway.stats().connected === 0)
  })

  test('does not slip in while its token is revoked', async () => {
    let open = (): void => {}
    const held = new Promise<void>((resolve) => {
      open = resolve
    })
    let locked = false
    const locking = database.as('pulse_owner').begin(async (sql) => {
      await sql`lock table connect.session in access exclusive mode`
      locked = true
      await held
    })
    await until(() => locked)
    const client = under.client({
      clientId: 'k',
      clean: false,
      properties: { sessionExpiryInterval: 60 },
    })
    const refused = new Promise<{ code: number }>((resolve) =>
      client.once('error', (thrown) => resolve(thrown as unknown as { code: number })),
    )
    const blocked = () => database.as('pulse_pipeline')`
      select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%connect.session%'`
    try {
      await until(async () => (await blocked()).length > 0)
      under.gateway.kick(1, 'connect.revoked')
    } finally {
      open()
    }
    await locking
    expect((await refused).code).toBe(0x86)
    await until(() => under.gateway.stats().sockets === 0)
  })
})
