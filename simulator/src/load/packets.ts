/** MQTT by hand: only what the load generator sends and reads, with no allocation per message. */

export const PINGREQ = Buffer.from([0xc0, 0x00])
/** Leaves for good; in MQTT 5 the session ends too (its expiry becomes 0). */
export const DISCONNECT = {
  4: Buffer.from([0xe0, 0]),
  5: Buffer.from([0xe0, 7, 0, 5, 0x11, 0, 0, 0, 0]),
} as const
export const PACKET = { connack: 2, publish: 3, puback: 4, pingresp: 13, disconnect: 14 } as const

export interface ConnectOptions {
  readonly protocol: 4 | 5
  readonly clientId: string
  readonly username: string
  readonly password: string
  /** MQTT 5: clean start; 3.1.1: clean session. */
  readonly clean: boolean
  /** Seconds, 0 for none. */
  readonly keepAliveS: number
  /** MQTT 5 only; seconds, 0 ends the session with the connection. */
  readonly sessionExpiryS: number
}

/** A CONNECT packet. */
export function encodeConnect(options: ConnectOptions): Buffer {
  const flags = 0xc0 | (options.clean ? 0x02 : 0)
  const keepAlive = Buffer.alloc(2)
  keepAlive.writeUInt16BE(options.keepAliveS)
  const properties = options.protocol === 5 ? connectProperties(options.sessionExpiryS) : []
  const body = Buffer.concat([
    text('MQTT'),
    Buffer.from([options.protocol, flags]),
    keepAlive,
    ...properties,
    text(options.clientId),
    text(options.username),
    text(options.password),
  ])
  return Buffer.concat([Buffer.from([0x10, ...varint(body.length)]), body])
}

function connectProperties(sessionExpiryS: number): Buffer[] {
  if (sessionExpiryS === 0) return [Buffer.from([0])]
  const expiry = Buffer.alloc(6)
  expiry[0] = 5
  expiry[1] = 0x11
  expiry.writeUInt32BE(sessionExpiryS, 2)
  return [expiry]
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function varint(value: number): number[] {
  const bytes = []
  let rest = value
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
  return bytes
}

const TOPIC = text('~/telemetry')
const AFTER_NUMBER = Buffer.from('","ts":')
const AFTER_TS = Buffer.from(',"type":"telemetry","data":{"metrics":')
const END = Buffer.from('}}')
const TS_DIGITS = 13

/** More than one PUBLISH of ours can need. */
export const MAX_PUBLISH_BYTES = 1024

/** What one PUBLISH says beside the connection's own bytes. */
export interface Publish {
  packetId: number
  dup: boolean
  n: number
  /** Epoch milliseconds of 13 digits: 2001 to 2286. */
  ts: number
  metrics: Uint8Array
}

/** The beginning of every payload of a device: `{"v":1,"id":"<run>-<device>-`. */
export function payloadPrefix(run: string, device: string): Buffer {
  return Buffer.from(`{"v":1,"id":"${messageId(run, device, '')}`)
}

/** The id of the n-th message of a device. */
export const messageId = (run: string, device: string, n: number | ''): string =>
  `${run}-${device}-${n}`

/** Writes a PUBLISH of QoS 1 into `target` at `start`; returns where it ends. */
export function encodePublish(
  target: Buffer,
  start: number,
  head: { readonly protocol: 4 | 5; readonly prefix: Uint8Array },
  publish: Publish,
): number {
  const digits = digitsOf(publish.n)
  const properties = head.protocol === 5 ? 1 : 0
  const payload =
    head.prefix.length +
    digits +
    AFTER_NUMBER.length +
    TS_DIGITS +
    AFTER_TS.length +
    publish.metrics.length +
    END.length
  const remaining = TOPIC.length + 2 + properties + payload

  let at = start
  target[at++] = publish.dup ? 0x3a : 0x32
  if (remaining < 128) target[at++] = remaining
  else {
    target[at++] = (remaining & 0x7f) | 0x80
    target[at++] = remaining >> 7
  }
  at = put(target, at, TOPIC)
  target[at++] = publish.packetId >> 8
  target[at++] = publish.packetId & 0xff
  if (properties) target[at++] = 0
  at = put(target, at, head.prefix)
  at = putDigits(target, at, publish.n, digits)
  at = put(target, at, AFTER_NUMBER)
  // Two halves, so that both fit the fast whole numbers of 31 bits.
  const high = Math.floor(publish.ts / 1e6)
  at = putDigits(target, at, high, TS_DIGITS - 6)
  at = putDigits(target, at, publish.ts - high * 1e6, 6)
  at = put(target, at, AFTER_TS)
  at = put(target, at, publish.metrics)
  return put(target, at, END)
}

function put(target: Buffer, at: number, bytes: Uint8Array): number {
  const length = bytes.length
  for (let index = 0; index < length; index++) target[at + index] = bytes[index] as number
  return at + length
}

function digitsOf(value: number): number {
  let digits = 1
  for (let limit = 10; value >= limit; limit *= 10) digits++
  return digits
}

function putDigits(target: Buffer, at: number, value: number, digits: number): number {
  let rest = value | 0
  for (let index = at + digits - 1; index >= at; index--) {
    const tenth = (rest / 10) | 0
    target[index] = 48 + rest - tenth * 10
    rest = tenth
  }
  return at + digits
}

/** Where packets go as they are found. `body` lies in `bytes` from `start` to `end`. */
export type OnPacket = (header: number, bytes: Buffer, start: number, end: number) => void

/**
 * Finds the whole packets in `bytes[0..length)`.
 * Returns how many bytes they took: the rest is the beginning of a packet still to come.
 */
export function readPackets(bytes: Buffer, length: number, onPacket: OnPacket): number {
  let at = 0
  while (length - at >= 2) {
    let remaining = 0
    let shift = 0
    let next = at + 1
    let byte = 0x80
    while (byte & 0x80) {
      if (next >= length) return at
      if (shift > 21) throw new Error('a remaining length is longer than four bytes')
      byte = bytes[next++] as number
      remaining |= (byte & 0x7f) << shift
      shift += 7
    }
    if (next + remaining > length) return at
    onPacket(bytes[at] as number, bytes, next, next + remaining)
    at = next + remaining
  }
  return at
}

export interface Connack {
  readonly sessionPresent: boolean
  readonly code: number
  readonly receiveMaximum: number
  /** What the server wants instead of our keep-alive; seconds. */
  readonly serverKeepAliveS: number | undefined
}

/** Reads the body of a CONNACK. */
export function decodeConnack(body: Buffer, protocol: 4 | 5): Connack {
  const base = { sessionPresent: ((body[0] ?? 0) & 1) === 1, code: body[1] ?? 0xff }
  const numbers = protocol === 5 ? connackNumbers(body, 2) : new Map<number, number>()
  return {
    ...base,
    receiveMaximum: numbers.get(0x21) ?? 65_535,
    serverKeepAliveS: numbers.get(0x13),
  }
}

/** Bytes of each numeric property that a CONNACK may carry [MQTT5-3.2.2.3]. */
const NUMERIC: ReadonlyMap<number, number> = new Map([
  [0x11, 4],
  [0x21, 2],
  [0x24, 1],
  [0x25, 1],
  [0x27, 4],
  [0x22, 2],
  [0x28, 1],
  [0x29, 1],
  [0x2a, 1],
  [0x13, 2],
])
const USER_PROPERTY = 0x26

function connackNumbers(body: Buffer, start: number): Map<number, number> {
  const numbers = new Map<number, number>()
  let at = start
  // The length of the properties; they end with the packet, so only its bytes are skipped.
  while (at < body.length && (body[at] as number) & 0x80) at++
  at++
  while (at < body.length) {
    const id = body[at++] as number
    const width = NUMERIC.get(id)
    if (width !== undefined) {
      numbers.set(id, body.readUIntBE(at, width))
      at += width
      continue
    }
    const strings = id === USER_PROPERTY ? 2 : 1
    for (let count = 0; count < strings; count++) at += 2 + body.readUInt16BE(at)
  }
  return numbers
}
