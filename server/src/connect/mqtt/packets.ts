import { generate, type Packet } from 'mqtt-packet'

/** Packet types: the upper half of the first byte. */
export const CONNECT = 1
export const PUBLISH = 3
export const PUBACK = 4
export const PUBREC = 5
export const PUBREL = 6
export const PUBCOMP = 7
export const SUBSCRIBE = 8
export const UNSUBSCRIBE = 10
export const PINGREQ = 12
export const DISCONNECT = 14

export type Version = 4 | 5

export const pingResponse = Buffer.from([0xd0, 0])

/** Longest reason string: enough for a field and why, short on a metered link. */
const REASON_BYTES = 512

/** First byte of an acknowledgement; PUBREL has a flag that must be set. */
const firstByte = (type: number): number => (type << 4) | (type === PUBREL ? 2 : 0)

/** Writes the four bytes of an acknowledgement that says success, and returns where it ends. */
export function putAck(into: Buffer, at: number, type: number, packetId: number): number {
  into[at] = firstByte(type)
  into[at + 1] = 2
  into[at + 2] = packetId >> 8
  into[at + 3] = packetId & 0xff
  return at + 4
}

export function ack(type: number, packetId: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  putAck(bytes, 0, type, packetId)
  return bytes
}

/** An acknowledgement of MQTT 5 with a reason code, and a reason string unless undefined. */
export function ackWithReason(
  type: number,
  packetId: number,
  code: number,
  reason: string | undefined,
): Buffer {
  const text = reason === undefined ? undefined : cut(reason)
  const properties = text === undefined ? [] : [0x1f, text.length >> 8, text.length & 0xff]
  const body = [packetId >> 8, packetId & 0xff, code]
  const propertyBytes = properties.length + (text?.length ?? 0)
  const length = text === undefined ? body : [...body, ...variable(propertyBytes), ...properties]
  const head = [firstByte(type), ...variable(length.length + (text?.length ?? 0)), ...length]
  return text === undefined ? Buffer.from(head) : Buffer.concat([Buffer.from(head), text])
}

/** Cuts at a character's beginning, so that the string stays UTF-8. */
function cut(reason: string): Buffer {
  const bytes = Buffer.from(reason.toWellFormed().replaceAll('\u0000', '␀'))
  if (bytes.length <= REASON_BYTES) return bytes
  let end = REASON_BYTES
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

export interface OutgoingPublish {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1
  readonly packetId: number
  readonly dup: boolean
  readonly identifiers: readonly number[]
  readonly expiresInS: number | undefined
}

/** A PUBLISH to a client. */
export function publish(version: Version, message: OutgoingPublish): Buffer {
  const topic = Buffer.from(message.topic)
  const properties = version === 5 ? publishProperties(message) : Buffer.alloc(0)
  const idBytes = message.qos === 0 ? 0 : 2
  const length = 2 + topic.length + idBytes + properties.length + message.payload.length
  const head = [0x30 | (message.dup ? 8 : 0) | (message.qos << 1), ...variable(length)]
  const bytes = Buffer.allocUnsafe(head.length + length)
  bytes.set(head)
  let at = bytes.writeUInt16BE(topic.length, head.length)
  at += topic.copy(bytes, at)
  if (idBytes > 0) at = bytes.writeUInt16BE(message.packetId, at)
  at += properties.copy(bytes, at)
  bytes.set(message.payload, at)
  return bytes
}

function publishProperties(message: OutgoingPublish): Buffer {
  const bytes: number[] = []
  for (const identifier of message.identifiers) bytes.push(0x0b, ...variable(identifier))
  if (message.expiresInS !== undefined) {
    const seconds = Math.min(message.expiresInS, 0xffff_ffff)
    bytes.push(2, seconds >>> 24, (seconds >>> 16) & 0xff, (seconds >>> 8) & 0xff, seconds & 0xff)
  }
  return Buffer.from([...variable(bytes.length), ...bytes])
}

/** A variable byte integer [MQTT-1.5.5]. */
function variable(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  do {
    const byte = rest & 0x7f
    rest >>>= 7
    bytes.push(rest > 0 ? byte | 0x80 : byte)
  } while (rest > 0)
  return bytes
}

/** The rare packets, by the codec that MQTT.js uses. */
export const encode = (version: Version, packet: Packet): Buffer =>
  generate(packet, { protocolVersion: version })

/** DISCONNECT of MQTT 5; 3.1.1 has none from a server. */
export const disconnect = (code: number, reason: string | undefined): Buffer => {
  if (reason === undefined) return Buffer.from([0xe0, 1, code])
  const text = cut(reason)
  const properties = [0x1f, text.length >> 8, text.length & 0xff]
  const inner = [code, ...variable(properties.length + text.length), ...properties]
  return Buffer.concat([
    Buffer.from([0xe0, ...variable(inner.length + text.length), ...inner]),
    text,
  ])
}
