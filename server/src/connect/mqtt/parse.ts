import { type Packet, parser } from 'mqtt-packet'
import type { Frame } from './framing.ts'
import type { Version } from './packets.ts'

/** Why a packet cannot be used: the reason code of MQTT 5, and what is wrong. */
export interface PacketFault {
  readonly code: number
  readonly detail: string
}

/**
 * Reads one of the rare packets with the codec that MQTT.js uses. The codec is lenient, so what
 * the specification forbids and it lets pass is looked for here.
 */
export function parse<T extends Packet>(frame: Frame, version: Version): T | PacketFault {
  const made = parser({ protocolVersion: version })
  let packet: Packet | undefined
  let fault: string | undefined
  made.on('packet', (given) => {
    packet ??= given
  })
  made.on('error', (error: Error) => {
    fault ??= error.message
  })
  try {
    made.parse(frame.bytes.subarray(frame.start, frame.end))
  } catch (error) {
    fault ??= (error as Error).message
  }
  if (fault !== undefined || packet === undefined) {
    return { code: 0x81, detail: fault ?? 'the packet is too short' }
  }
  return looseEnds(packet) ?? (packet as T)
}

export const isFault = (packet: Packet | PacketFault): packet is PacketFault => !('cmd' in packet)

/** Lists of what may stand once; texts that are none; user properties that are cut short. */
function looseEnds(packet: Packet): PacketFault | undefined {
  const { properties } = packet as { properties?: Readonly<Record<string, unknown>> }
  return (
    fieldFault(packet as unknown as Readonly<Record<string, unknown>>) ?? propertyFault(properties)
  )
}

const texts = ['clientId', 'username', 'topic'] as const

function fieldFault(packet: Readonly<Record<string, unknown>>): PacketFault | undefined {
  const nested = [
    packet,
    packet['will'],
    ...((packet['subscriptions'] as unknown[] | undefined) ?? []),
  ]
  for (const holder of nested) {
    for (const name of texts) {
      const text = (holder as Readonly<Record<string, unknown>> | undefined)?.[name]
      if (typeof text === 'string' && !isClean(text)) {
        return { code: 0x81, detail: `${name} is not well-formed UTF-8 text` }
      }
    }
  }
  const filters = packet['unsubscriptions'] as readonly string[] | undefined
  return filters?.every(isClean) === false
    ? { code: 0x81, detail: 'a filter is not UTF-8 text' }
    : undefined
}

function propertyFault(
  properties: Readonly<Record<string, unknown>> | undefined,
): PacketFault | undefined {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name === 'userProperties') continue
    if (Array.isArray(value)) return { code: 0x82, detail: `${name} stands twice` }
    if (value === undefined || value === null || value === -1 || value === false) {
      if (typeof value !== 'boolean') return { code: 0x81, detail: `${name} is cut short` }
    }
  }
  return undefined
}

/** What Node puts in the place of bytes that are not UTF-8 counts as such, like U+0000. */
const isClean = (text: string): boolean => !text.includes('\u0000') && !text.includes('\ufffd')
