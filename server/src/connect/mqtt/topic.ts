import { type MessageKind, TOPIC_ROOT, upChannels } from '@pulse/contract'
import type { Origin } from '../ingress.ts'

/** Where a PUBLISH of a device goes. */
export type Route =
  | { readonly kind: 'up'; readonly channel: MessageKind }
  | { readonly kind: 'result'; readonly command: string }
  /** Not the device's to use: refused for good, the connection stays. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** No topic name at all: the connection ends [MQTT-3.3.2-2, MQTT-4.7.3]. */
  | { readonly kind: 'broken'; readonly detail: string; readonly utf8: boolean }

/** A topic name that was read before, and what follows from it. */
export interface KnownTopic {
  readonly bytes: Buffer
  readonly route: Route
  readonly origin: Origin
}

const up = new Map<string, Route>(
  upChannels.map((channel) => [channel, { kind: 'up', channel } as const]),
)
const RESULT = /^commands\/([A-Za-z0-9_-]{1,64})\/result$/

/** The prefix of everything that belongs to a device, with a slash at its end. */
export const prefixOf = (tenant: string, device: string): string =>
  `${TOPIC_ROOT}/${tenant}/${device}/`

/** Reads a topic name as the device whose own `prefix` is given may use it. */
export function routeOf(topic: string, prefix: string): Route {
  const fault = nameFault(topic)
  if (fault) return { kind: 'broken', detail: fault, utf8: false }
  const channel = channelOf(topic, prefix)
  if (channel === undefined)
    return { kind: 'refused', detail: `${shown(topic)} is not below ${prefix}` }
  const found = up.get(channel)
  if (found) return found
  const command = RESULT.exec(channel)?.[1]
  if (command !== undefined) return { kind: 'result', command }
  return { kind: 'refused', detail: `${shown(topic)} is no channel that a device may publish to` }
}

function nameFault(topic: string): string | undefined {
  if (topic === '') return 'the topic name is empty'
  if (topic.includes('\u0000')) return 'the topic name holds U+0000'
  if (/[+#]/.test(topic)) return 'the topic name holds a wildcard'
  return undefined
}

function channelOf(topic: string, prefix: string): string | undefined {
  if (topic.startsWith('~/')) return topic.slice(2)
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : undefined
}

const shown = (topic: string): string => (topic.length > 80 ? `${topic.slice(0, 80)}…` : topic)

/** A subscription: a filter over the channels of the device's own prefix. */
export interface Subscription {
  /** Relative to the prefix: `errors`, `commands/+`, `#`. */
  readonly filter: string
  /** How it was written, and so how topics are delivered: `~/…` or in full. */
  readonly short: boolean
  readonly qos: 0 | 1
  /** Subscription identifier of MQTT 5. */
  readonly identifier: number | undefined
}

/** Why a filter is refused. */
export type FilterFault = 'malformed' | 'foreign' | 'shared'

/** Reads a topic filter as the device whose own `prefix` is given may use it. */
export function readFilter(
  topic: string,
  prefix: string,
): { readonly filter: string; readonly short: boolean } | FilterFault {
  if (topic.startsWith('$share/')) return 'shared'
  if (topic === '' || topic.includes('\u0000')) return 'malformed'
  const levels = topic.split('/')
  const last = levels.length - 1
  const misplaced = levels.some(
    (level, at) =>
      (level.includes('#') && (level !== '#' || at !== last)) ||
      (level.includes('+') && level !== '+'),
  )
  if (misplaced) return 'malformed'
  const filter = channelOf(topic, prefix)
  return filter === undefined ? 'foreign' : { filter, short: topic.startsWith('~/') }
}

/** True when `channel` matches `filter`; both are relative to the device's prefix. */
export function matches(filter: string, channel: string): boolean {
  if (filter === '#' || filter === channel) return true
  const wanted = filter.split('/')
  const given = channel.split('/')
  for (let at = 0; at < wanted.length; at++) {
    if (wanted[at] === '#') return true
    if (at >= given.length) return false
    if (wanted[at] !== '+' && wanted[at] !== given[at]) return false
  }
  return wanted.length === given.length
}

/** `filter` as a pattern of PostgreSQL for channels. */
export const patternOf = (filter: string): string =>
  `^${filter
    .split('/')
    .map((level) => (level === '+' ? '[^/]*' : level.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/')
    .replace(/\/?#$/, (end) => (end === '#' ? '.*' : '(/.*)?'))}$`
