import fc from 'fast-check'
import { type Packet, parser } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import {
  ack,
  ackWithReason,
  disconnect,
  PUBACK,
  PUBCOMP,
  PUBREC,
  PUBREL,
  publish,
} from './packets.ts'

/** What a stock client reads. */
function read(bytes: Buffer, protocolVersion: 4 | 5): Packet & Record<string, unknown> {
  const made = parser({ protocolVersion })
  let found: Packet | undefined
  made.on('packet', (packet) => {
    found = packet
  })
  made.on('error', (error: Error) => {
    throw error
  })
  made.parse(bytes)
  return found as Packet & Record<string, unknown>
}

const packetId = fc.integer({ min: 1, max: 65_535 })
const names = { [PUBACK]: 'puback', [PUBREC]: 'pubrec', [PUBREL]: 'pubrel', [PUBCOMP]: 'pubcomp' }

describe('what is written by hand is read by the codec of MQTT.js', () => {
  test('acknowledgements', () => {
    fc.assert(
      fc.property(fc.constantFrom(PUBACK, PUBREC, PUBREL, PUBCOMP), packetId, (type, id) => {
        for (const version of [4, 5] as const) {
          expect(read(ack(type, id), version)).toMatchObject({ cmd: names[type], messageId: id })
        }
      }),
    )
  })

  test('reason strings of any text and length, which stay UTF-8', () => {
    fc.assert(
      fc.property(packetId, fc.string({ unit: 'binary', maxLength: 2000 }), (id, reason) => {
        const packet = read(ackWithReason(PUBACK, id, 0x87, reason), 5)
        const { reasonString } = packet['properties'] as { reasonString: string }
        expect(packet).toMatchObject({ messageId: id, reasonCode: 0x87 })
        expect(Buffer.byteLength(reasonString)).toBeLessThanOrEqual(512)
        expect(reason.toWellFormed().replaceAll('\u0000', '␀').startsWith(reasonString)).toBe(true)
        expect(read(disconnect(0x8e, reason), 5)).toMatchObject({
          reasonCode: 0x8e,
          properties: { reasonString },
        })
      }),
    )
    expect(read(ackWithReason(PUBREC, 7, 0x99, undefined), 5)).toMatchObject({
      messageId: 7,
      reasonCode: 0x99,
    })
  })

  test('messages', () => {
    const message = fc.record({
      topic: fc.string({ minLength: 1, maxLength: 200 }),
      payload: fc.uint8Array({ maxLength: 20_000 }),
      qos: fc.constantFrom(0 as const, 1 as const),
      packetId,
      dup: fc.boolean(),
      identifiers: fc.array(fc.integer({ min: 1, max: 268_435_455 }), { maxLength: 3 }),
      expiresInS: fc.option(fc.integer({ min: 1, max: 0xffff_ffff }), { nil: undefined }),
    })
    fc.assert(
      fc.property(message, (wanted) => {
        const packet = read(publish(5, wanted), 5)
        expect(packet).toMatchObject({
          cmd: 'publish',
          topic: wanted.topic,
          qos: wanted.qos,
          dup: wanted.dup,
          retain: false,
          payload: Buffer.from(wanted.payload),
        })
        const properties = (packet['properties'] ?? {}) as Record<string, unknown>
        expect([properties['subscriptionIdentifier'] ?? []].flat()).toEqual(wanted.identifiers)
        expect(properties['messageExpiryInterval']).toBe(wanted.expiresInS)
        expect(read(publish(4, wanted), 4)).toMatchObject({ payload: Buffer.from(wanted.payload) })
      }),
    )
  })
})
