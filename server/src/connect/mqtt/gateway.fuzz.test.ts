import fc from 'fast-check'
import { generate, type Packet } from 'mqtt-packet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#testing'
import { BAD_LENGTH, emptyFrame, Framer, TOO_LARGE } from './framing.ts'
import {
  connectBytes,
  packetBytes,
  publishBytes,
  rawClient,
  startTestGateway,
  type TestGateway,
  until,
} from './testing.ts'

const cases = Number(process.env['PULSE_FUZZ_CASES'] ?? 2000)
const seed = Number(process.env['PULSE_FUZZ_SEED'] ?? Date.now() % 2 ** 31)
console.log(`fuzz: ${cases} cases, PULSE_FUZZ_SEED=${seed}`)
const settings = { numRuns: cases, seed, endOnFailure: true }

let database: TestDatabase
let under: TestGateway
beforeAll(async () => {
  database = await testDatabase()
  under = await startTestGateway({
    pipeline: database.as('pulse_pipeline'),
    app: database.as('pulse_app'),
  })
})
afterAll(async () => {
  await under.close()
  await database.drop()
})

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array))
const id = fc.integer({ min: 0, max: 65_535 })
const topic = fc.oneof(
  fc.constantFrom(
    '~/telemetry',
    '~/event',
    'pulse/v1/acme/d1/status',
    '~/commands/cm_1/result',
    '~/#',
    '$SYS',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  bytes,
)

/** Packets that keep the rules. */
const good: fc.Arbitrary<(version: number) => Buffer> = fc.oneof(
  fc
    .record({
      topic,
      payload: fc.string({ maxLength: 30 }),
      qos: fc.integer({ min: 0, max: 3 }),
      packetId: id,
    })
    .map(
      ({ topic: name, payload, ...rest }) =>
        (version: number) =>
          publishBytes(name, payload, { ...rest, version }),
    ),
  fc.constantFrom(0xc0, 0xe0).map((first) => () => packetBytes(first, Buffer.alloc(0))),
  fc.tuple(fc.constantFrom(0x40, 0x50, 0x62, 0x70), id).map(
    ([first, packetId]) =>
      () =>
        packetBytes(first, Buffer.from([packetId >> 8, packetId & 0xff])),
  ),
  fc
    .record({
      filter: fc.constantFrom('~/errors', '~/#', 'a/b', '#', '$share/g/x'),
      qos: fc.constantFrom(0, 1, 2),
      packetId: id,
    })
    .map(
      ({ filter, qos, packetId }) =>
        (version: number) =>
          encoded(version, {
            cmd: 'subscribe',
            messageId: packetId || 1,
            subscriptions: [{ topic: filter, qos: qos as 0 | 1 | 2 }],
          }),
    ),
  fc.constant((version: number) =>
    encoded(version, { cmd: 'unsubscribe', messageId: 7, unsubscriptions: ['~/errors'] }),
  ),
  fc.constant((version: number) => connectBytes({ version })),
)

const encoded = (version: number, packet: Packet): Buffer =>
  generate(packet, { protocolVersion: version })

/** The same with bytes changed, taken out or put in; and bytes out of nowhere. */
const bad: fc.Arbitrary<(version: number) => Buffer> = fc.oneof(
  bytes.map((raw) => () => raw),
  fc.tuple(fc.integer({ min: 0, max: 255 }), bytes).map(
    ([first, body]) =>
      () =>
        packetBytes(first, body),
  ),
  fc
    .tuple(good, fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([make, at, value]) => (version: number) => {
      const made = Buffer.from(make(version))
      if (made.length > 0) made[at % made.length] = value
      return made
    }),
  fc.tuple(good, fc.nat()).map(([make, at]) => (version: number) => {
    const made = make(version)
    return made.subarray(0, made.length - (at % Math.max(1, made.length)))
  }),
)

const session = fc.record({
  version: fc.constantFrom(4, 5),
  clean: fc.boolean(),
  connect: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
  client: fc.integer({ min: 1, max: 8 }),
  packets: fc.array(fc.oneof({ arbitrary: good, weight: 2 }, { arbitrary: bad, weight: 3 }), {
    maxLength: 8,
  }),
  cuts: fc.array(fc.nat({ max: 300 }), { maxLength: 4 }),
})

describe('whatever comes', () => {
  test(
    'the gateway neither crashes nor keeps what has gone',
    async () => {
      let held = 0
      await fc.assert(
        fc.asyncProperty(session, async ({ version, clean, connect, client, packets, cuts }) => {
          const stream = Buffer.concat([
            ...(connect
              ? [
                  connectBytes({
                    version,
                    clean,
                    clientId: `c${client}`,
                    username: `acme/d${client}`,
                  }),
                ]
              : []),
            ...packets.map((make) => make(version)),
          ])
          const raw = rawClient(under.port)
          await new Promise((resolve) => raw.socket.once('connect', resolve))
          let from = 0
          for (const to of [
            ...cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b),
            stream.length,
          ]) {
            raw.send(stream.subarray(from, to))
            from = to
            if (cuts.length > 0) await new Promise((resolve) => setImmediate(resolve))
          }
          raw.socket.end()
          await raw.closed
          under.ingress.published.length = 0
          under.ingress.rejections.length = 0
          under.ingress.presences.length = 0
          if (++held % 500 === 0) await nothingHeld(under)
        }),
        settings,
      )
      await nothingHeld(under)
      const client = await under.connected({ clientId: 'still-there' })
      await client.publishAsync('~/telemetry', 'x', { qos: 2 })
    },
    60_000 + cases * 20,
  )

  test('any stream is cut into the same packets, however its bytes arrive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 })), {
          maxLength: 6,
        }),
        fc.array(fc.nat({ max: 2000 }), { maxLength: 12 }),
        (packets, cuts) => {
          const made = packets.map(([first, body]) => packetBytes(first, body))
          const stream = Buffer.concat(made)
          const points = [
            0,
            ...cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b),
            stream.length,
          ]
          const chunks = points.slice(1).map((to, n) => stream.subarray(points[n], to))
          expect(cut(chunks)).toEqual(made)
        },
      ),
      settings,
    )
  })
})

async function nothingHeld({ gateway }: TestGateway): Promise<void> {
  await until(() => gateway.stats().sockets === 0, 'no connection')
  await until(() => gateway.stats().sessions === 0, 'no session in memory')
  expect(gateway.stats().connected).toBe(0)
}

function cut(chunks: readonly Buffer[]): Buffer[] {
  const framer = new Framer()
  const frame = emptyFrame()
  const found: Buffer[] = []
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      at = framer.next(chunk, at, 1000, frame)
      if (at === TOO_LARGE || at === BAD_LENGTH) throw new Error('a good packet was refused')
      if (frame.end > 0) found.push(Buffer.from(frame.bytes.subarray(frame.start, frame.end)))
    }
  }
  return found
}
