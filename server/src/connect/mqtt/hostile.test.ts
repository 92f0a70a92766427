import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { manualClock } from '#platform'
import { type TestDatabase, testDatabase } from '#testing'
import type { GatewayLimits } from './limits.ts'
import {
  connectBytes,
  packetBytes,
  publishBytes,
  startTestGateway,
  type TestGateway,
  until,
} from './testing.ts'

let database: TestDatabase
let under: TestGateway

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())
afterEach(() => under.close())

const clock = manualClock(Date.UTC(2026, 10, 24))
async function start(limits: Partial<GatewayLimits> = {}): Promise<void> {
  under = await startTestGateway({
    pipeline: database.as('pulse_pipeline'),
    app: database.as('pulse_app'),
    clock,
    limits,
  })
}

/** Lets the once-a-second look happen, and what follows from it. */
async function seconds(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    clock.advance(1000)
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('before CONNECT', () => {
  test('a client that dribbles is cut off after ten seconds', async () => {
    await start()
    const raw = under.raw()
    raw.send(connectBytes().subarray(0, 10))
    await until(() => under.gateway.stats().sockets === 1)
    await seconds(9)
    expect(under.gateway.stats().sockets).toBe(1)
    await seconds(2)
    await raw.closed
    expect(under.gateway.stats().sockets).toBe(0)
  })

  test('a huge remaining length ends the connection at once', async () => {
    await start()
    const raw = under.raw()
    raw.send(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]))
    await raw.closed
    expect(raw.received().length).toBe(0)
  })

  test.for([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a length of five bytes', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01])],
    ['a length that is not the shortest', Buffer.from([0x10, 0x80, 0x00])],
    ['PUBLISH first', publishBytes('~/telemetry', 'x')],
    ['reserved flags', Buffer.from([0x1f, 0])],
    ['a will that is not there', withFlags(0x08 | 0x10)],
    ['the reserved flag', withFlags(0x01)],
    ['MQTT 3.1.1 with a password alone', withFlags(0x40)],
  ] as const)('%s ends it', async ([, bytes]) => {
    await start()
    const raw = under.raw()
    raw.send(bytes)
    clock.advance(1000)
    await until(() => under.gateway.stats().sockets === 0 && raw.received().length === 0)
    raw.socket.destroy()
    expect(under.gateway.stats().accepted).toBe(0)
  })

  test.for([
    [
      'MQTT 3.1',
      Buffer.concat([
        Buffer.from([0x10, 13, 0, 6]),
        Buffer.from('MQIsdp'),
        Buffer.from([3, 2, 0, 9, 0]),
      ]),
      [0x20, 2, 0, 1],
    ],
    ['a level below', withLevel(3), [0x20, 2, 0, 1]],
    ['a level to come', withLevel(6), [0x20, 3, 0, 0x84, 0]],
  ] as const)('%s is told that it is not spoken', async ([, bytes, answer]) => {
    await start()
    const raw = under.raw()
    raw.send(bytes)
    expect([...(await raw.bytes(answer.length))]).toEqual(answer)
  })

  test('many silent connections of one address do not add up', async () => {
    await start({ silentPerAddress: 5 })
    const raws = Array.from({ length: 20 }, () => under.raw())
    await until(() => under.gateway.stats().sockets === 20)
    await seconds(2)
    expect(under.gateway.stats().sockets).toBe(5)
    await until(() => raws.filter(({ socket }) => socket.destroyed).length === 15)
  })

  test('too many at once are not taken', async () => {
    await start({ unauthenticatedPerAddress: 3 })
    const raws = Array.from({ length: 5 }, () => under.raw())
    await until(() => raws.filter(({ socket }) => socket.destroyed).length === 2)
    expect(under.gateway.stats().sockets).toBe(3)
    for (const raw of raws)
      if (!raw.socket.destroyed) raw.send(connectBytes({ clientId: `${Math.random()}` }))
    await until(() => under.gateway.stats().connected === 3)
    under.raw().send(connectBytes({ clientId: 'fourth' }))
    await until(() => under.gateway.stats().connected === 4)
  })
})

function withFlags(flags: number): Buffer {
  const bytes = Buffer.from(connectBytes())
  bytes[9] = flags
  return bytes
}

function withLevel(level: number): Buffer {
  const bytes = Buffer.from(connectBytes())
  bytes[8] = level
  return bytes
}

describe('after CONNECT', () => {
  test('silence of one and a half keep-alives ends it, and less does not', async () => {
    await start()
    const raw = under.raw()
    raw.send(connectBytes({ keepAliveS: 10 }))
    await raw.bytes(4)
    await seconds(14)
    raw.send(Buffer.from([0xc0, 0]))
    await raw.bytes(6)
    await seconds(14)
    expect(under.gateway.stats().connected).toBe(1)
    await seconds(2)
    await raw.closed
    expect(under.ingress.presences.at(-1)).toMatchObject({
      connected: false,
      session: { reason: 'keep-alive' },
    })
  })

  test('a client that asks for no keep-alive is told one, if it can be told', async () => {
    await start()
    const client = under.client({ keepalive: 0 })
    const connack = await new Promise<{ properties?: { serverKeepAlive?: number } }>((resolve) =>
      client.once('connect', resolve as never),
    )
    expect(connack.properties?.serverKeepAlive).toBe(3600)
    const old = under.raw()
    old.send(connectBytes({ keepAliveS: 0 }))
    await old.bytes(4)
    await seconds(10)
    clock.advance(100 * 3600 * 1000)
    await seconds(3)
    expect(under.gateway.stats().connected).toBe(1)
  })

  test.for([
    ['a second CONNECT', connectBytes({ version: 5 }), 0x82],
    ['a packet of a server', Buffer.from([0x20, 2, 0, 0]), 0x82],
    ['AUTH', Buffer.from([0xf0, 0]), 0x82],
    ['reserved flags', Buffer.from([0xc1, 0]), 0x81],
    ['PINGREQ with a body', Buffer.from([0xc0, 1, 0]), 0x81],
    ['QoS 3', publishBytes('~/telemetry', 'x', { qos: 3, version: 5 }), 0x81],
    ['a duplicate of QoS 0', publishBytes('~/telemetry', 'x', { flags: 8, version: 5 }), 0x81],
    ['packet id 0', publishBytes('~/telemetry', 'x', { qos: 1, packetId: 0, version: 5 }), 0x82],
    ['a retained message', publishBytes('~/telemetry', 'x', { flags: 1, version: 5 }), 0x9a],
    ['a PUBLISH that is cut short', packetBytes(0x32, Buffer.from([0, 30, 0x7e])), 0x81],
    ['an empty PUBLISH', packetBytes(0x30, Buffer.alloc(0)), 0x81],
    ['no topic and no alias', publishBytes('', 'x', { version: 5 }), 0x82],
    ['properties longer than the packet', packetBytes(0x30, Buffer.from([0, 1, 0x7e, 0x7f])), 0x81],
    ['an unknown property', publishWith([0x55, 1]), 0x81],
    ['a topic alias of 0', publishWith([0x23, 0, 0]), 0x94],
    ['a topic alias out of range', publishWith([0x23, 0, 17]), 0x94],
    ['two topic aliases', publishWith([0x23, 0, 1, 0x23, 0, 1]), 0x82],
    ['a subscription identifier', publishWith([0x0b, 1]), 0x82],
    ['SUBSCRIBE without filters', packetBytes(0x82, Buffer.from([0, 1, 0])), 0x82],
    [
      'SUBSCRIBE of reserved options',
      packetBytes(0x82, Buffer.from([0, 1, 0, 0, 1, 0x61, 0xc0])),
      0x81,
    ],
    ['SUBSCRIBE with wrong flags', packetBytes(0x80, Buffer.from([0, 1, 0, 0, 1, 0x61, 0])), 0x81],
    ['UNSUBSCRIBE without filters', packetBytes(0xa2, Buffer.from([0, 1, 0])), 0x82],
    ['PUBACK of one byte', packetBytes(0x40, Buffer.from([1])), 0x81],
    ['PUBREL of packet id 0', packetBytes(0x62, Buffer.from([0, 0])), 0x82],
    ['a packet that is too large', Buffer.from([0x30, 0x81, 0x80, 0x10]), 0x95],
  ] as const)('%s ends it with the reason code of MQTT 5', async ([, bytes, code]) => {
    await start()
    const raw = under.raw()
    raw.send(connectBytes({ version: 5 }))
    const begin = (await raw.bytes(4)).length
    raw.send(bytes)
    await until(() => raw.received().length > begin)
    const answer = raw.received().subarray(begin)
    expect([answer[0], answer[2]]).toEqual([0xe0, code])
    await until(() => under.gateway.stats().connected === 0)
    expect(under.gateway.stats().sockets).toBe(0)
    expect(under.ingress.published).toEqual([])
  })

  test('a retained message of MQTT 3.1.1 is taken, and not retained', async () => {
    await start()
    const client = await under.connected({ protocolVersion: 4 })
    await client.publishAsync('~/telemetry', 'x', { qos: 1, retain: true })
    expect(under.ingress.published.length).toBe(1)
  })

  test('more messages than the receive maximum end it', async () => {
    await start({ receiveMaximum: 3 })
    under.ingress.automatic = false
    const raw = under.raw()
    raw.send(connectBytes({ version: 5 }))
    const begin = (await raw.bytes(4)).length
    for (const packetId of [1, 2, 3, 4]) {
      raw.send(publishBytes('~/telemetry', 'x', { qos: 1, packetId, version: 5 }))
    }
    await until(() => raw.received().length > begin)
    expect(raw.received()[begin + 2]).toBe(0x93)
  })

  test('MQTT 3.1.1, which knows no receive maximum, is not read past it', async () => {
    await start({ receiveMaximum: 4 })
    under.ingress.automatic = false
    const raw = under.raw()
    raw.send(connectBytes())
    await raw.bytes(4)
    for (let n = 1; n <= 10; n++)
      raw.send(publishBytes('~/telemetry', `${n}`, { qos: 1, packetId: n }))
    await until(() => under.ingress.published.length === 4)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(under.ingress.published.length).toBe(4)
    under.ingress.automatic = true
    for (const one of under.ingress.published.slice(0, 4)) one.settle()
    await raw.bytes(4 + 40)
    expect(under.ingress.published.map(({ text }) => Number(text))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ])
  })

  test('a client that never reads costs little, and is cut off', async () => {
    await start()
    const raw = under.raw()
    raw.send(connectBytes())
    await raw.bytes(4)
    raw.socket.pause()
    // Every PINGREQ asks for an answer that is never taken.
    const pings = Buffer.alloc(65_536, Buffer.from([0xc0, 0]))
    let stuck = false
    while (!stuck) {
      stuck = !raw.socket.write(pings)
      if (stuck) {
        stuck = await Promise.race([
          new Promise<boolean>((resolve) => raw.socket.once('drain', () => resolve(false))),
          new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 1000)),
        ])
      }
    }
    expect(under.gateway.stats().sockets).toBe(1)
    await seconds(31)
    expect(under.gateway.stats().sockets).toBe(0)
    expect(under.ingress.presences.at(-1)?.session.reason).toBe('not-reading')
  })
})

function publishWith(properties: number[]): Buffer {
  const body = [0, 11, ...Buffer.from('~/telemetry'), properties.length, ...properties, 0x78]
  return packetBytes(0x30, Buffer.from(body))
}
