import { isUtf8 } from 'node:buffer'
import type { Device } from '#registry'
import type { Origin } from '../ingress.ts'
import type { Connection } from './connection.ts'
import { type Core, count } from './core.ts'
import { type KnownTopic, prefixOf, routeOf } from './topic.ts'

/** Where the topic of a PUBLISH stands, and its alias; 0 is none. */
export interface TopicPlace {
  readonly from: number
  readonly to: number
  readonly alias: number
}

/** Looks up the topic of a PUBLISH; undefined when the connection ended over it. */
export function knownTopic(
  core: Core,
  connection: Connection,
  bytes: Buffer,
  { from, to, alias }: TopicPlace,
): KnownTopic | undefined {
  if (from === to && connection.version === 5) return byAlias(core, connection, alias)
  const last = connection.known
  const known =
    last && same(last.bytes, bytes, from, to)
      ? last
      : readTopic(core, connection, bytes.subarray(from, to))
  if (alias === 0 || !known) return known
  if (alias > core.limits.topicAliases) return outOfRange(connection)
  connection.aliases ??= new Map()
  connection.aliases.set(alias, known)
  return known
}

function outOfRange(connection: Connection): undefined {
  connection.breach(0x94, 'the topic alias is out of range')
}

function byAlias(core: Core, connection: Connection, alias: number): KnownTopic | undefined {
  if (alias > core.limits.topicAliases) return outOfRange(connection)
  const known = connection.aliases?.get(alias)
  if (!known) connection.breach(0x82, 'neither a topic nor a known topic alias')
  return known
}

function same(known: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (to - from !== known.length) return false
  // From the end, where topics differ.
  for (let at = known.length - 1; at >= 0; at--) if (known[at] !== bytes[from + at]) return false
  return true
}

/** Longest topic whose reading is kept for the next message. */
const KEPT_TOPIC_BYTES = 512

function readTopic(core: Core, connection: Connection, name: Buffer): KnownTopic | undefined {
  const topic = name.toString()
  const device = connection.device as Device
  const route = isUtf8(name)
    ? routeOf(topic, prefixOf(device.tenant.key, device.key))
    : ({ kind: 'broken', detail: 'the topic name is not UTF-8', utf8: true } as const)
  const origin: Origin = { source: 'mqtt', topic, address: connection.address }
  if (route.kind === 'broken') return void endOver(core, connection, origin, route)
  const known: KnownTopic = { bytes: Buffer.from(topic), route, origin }
  if (route.kind === 'up' && name.length <= KEPT_TOPIC_BYTES) connection.known = known
  return known
}

function endOver(
  core: Core,
  connection: Connection,
  origin: Origin,
  route: { readonly detail: string; readonly utf8: boolean },
): void {
  const device = connection.device as Device
  count(core, 'connect.topic')
  core.ingress.reject({
    tenant: device.tenant.id,
    device,
    code: 'connect.topic',
    detail: route.detail,
    origin,
    payload: undefined,
    messageId: undefined,
  })
  connection.end({
    reason: 'protocol',
    code: route.utf8 ? 0x81 : 0x90,
    detail: `connect.topic: ${route.detail}`,
  })
}
