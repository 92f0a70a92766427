import { isUtf8 } from 'node:buffer'

/** Properties of a PUBLISH that the gateway acts on; the others are checked and passed over. */
export interface PublishProperties {
  /** Where the properties end, or -1 for malformed ones, -2 for a broken rule. */
  end: number
  /** 0 when there is none. */
  alias: number
}

export const MALFORMED = -1
export const PROTOCOL_ERROR = -2

const found: PublishProperties = { end: 0, alias: 0 }

/** How long a property's value is: bytes, or what carries its own length. */
const shapes: Readonly<Record<number, 1 | 2 | 4 | 'string' | 'binary' | 'pair'>> = {
  0x01: 1, // payload format indicator
  0x02: 4, // message expiry interval
  0x03: 'string', // content type
  0x08: 'string', // response topic
  0x09: 'binary', // correlation data
  0x23: 2, // topic alias
  0x26: 'pair', // user property
}

/**
 * Reads the properties of a PUBLISH [MQTT-3.3.2.3]. The result is reused by the next call.
 * A second property of a kind, an alias of 0, and a subscription identifier are broken rules.
 */
export function readPublishProperties(
  bytes: Buffer,
  start: number,
  end: number,
): PublishProperties {
  found.alias = 0
  const length = bytes[start]
  if (length === undefined || start >= end) return fail(MALFORMED)
  if (length === 0) {
    found.end = start + 1
    return found
  }
  const [from, size] = variable(bytes, start, end)
  const stop = from + size
  if (from < 0 || stop > end) return fail(MALFORMED)
  return readEach(bytes, from, stop)
}

function readEach(bytes: Buffer, from: number, stop: number): PublishProperties {
  let seen = 0
  for (let at = from; at < stop; ) {
    const id = bytes[at] as number
    const shape = shapes[id]
    if (shape === undefined) return fail(id === 0x0b ? PROTOCOL_ERROR : MALFORMED)
    const bit = id < 32 ? 1 << id : id === 0x23 ? 1 << 16 : 0
    if (seen & bit) return fail(PROTOCOL_ERROR)
    seen |= bit
    const next = skip(bytes, at + 1, stop, shape)
    if (next < 0) return fail(MALFORMED)
    if (id === 0x01 && (bytes[at + 1] as number) > 1) return fail(PROTOCOL_ERROR)
    if (id === 0x23) {
      found.alias = bytes.readUInt16BE(at + 1)
      if (found.alias === 0) found.alias = 0x1_0000
    }
    at = next
  }
  found.end = stop
  return found
}

function skip(bytes: Buffer, at: number, stop: number, shape: (typeof shapes)[number]): number {
  if (typeof shape === 'number') return at + shape <= stop ? at + shape : MALFORMED
  const text = shape !== 'binary'
  const end = skipCounted(bytes, at, stop, text)
  return shape === 'pair' && end >= 0 ? skipCounted(bytes, end, stop, text) : end
}

function skipCounted(bytes: Buffer, at: number, stop: number, text: boolean): number {
  if (at + 2 > stop) return MALFORMED
  const end = at + 2 + bytes.readUInt16BE(at)
  if (end > stop) return MALFORMED
  return text && !isText(bytes.subarray(at + 2, end)) ? MALFORMED : end
}

/** True for a UTF-8 string as MQTT has them: no surrogates, no overlong forms, no U+0000 [MQTT-1.5.4]. */
export const isText = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0)

/** [where it ends, its value] of a variable byte integer; -1 when malformed. */
function variable(bytes: Buffer, start: number, end: number): readonly [number, number] {
  let value = 0
  for (let at = start, shift = 0; at < end && shift < 28; at++, shift += 7) {
    const byte = bytes[at] as number
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return [at + 1, value]
  }
  return [-1, 0]
}

function fail(end: number): PublishProperties {
  found.end = end
  return found
}
