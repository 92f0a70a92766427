import { isUtf8 } from 'node:buffer'
import { refusalKinds, refusalOf } from '@pulse/contract'
import type { Device } from '#registry'
import type { Origin, PublishOutcome, RefusedItem } from '../ingress.ts'
import { type Ack, type Connection, Pause } from './connection.ts'
import { type Core, count } from './core.ts'
import type { Frame } from './framing.ts'
import { ack, ackWithReason, PUBACK, PUBCOMP, PUBREC } from './packets.ts'
import { MALFORMED, readPublishProperties } from './publish-codec.ts'
import type { Session } from './session.ts'
import { type KnownTopic, prefixOf, routeOf } from './topic.ts'

/** One PUBLISH of a client on its way to an outcome. */
interface Publication {
  readonly connection: Connection
  readonly device: Device
  readonly session: Session
  readonly known: KnownTopic
  readonly payload: Buffer
  readonly qos: number
  readonly packetId: number
  /** Undefined for QoS 0. */
  readonly ack: Ack | undefined
}

/** Deals with a PUBLISH: the hot path. */
export function onPublish(core: Core, connection: Connection, { bytes, start, body, end }: Frame): void {
  const first = bytes[start] as number
  const qos = (first >> 1) & 3
  if (qos === 3) return connection.breach(0x81, 'there is no QoS 3')
  if (qos === 0 && first & 8) return connection.breach(0x81, 'QoS 0 cannot be a duplicate')
  if (first & 1 && connection.version === 5) {
    return connection.end({ reason: 'protocol', code: 0x9a, detail: 'retained messages are not kept' })
  }
  const topicEnd = body + 2 + (((bytes[body] as number) << 8) | (bytes[body + 1] as number))
  let at = topicEnd
  let packetId = 0
  if (qos > 0) {
    packetId = ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
    at += 2
  }
  if (!(at <= end)) return connection.breach(0x81, 'PUBLISH is too short')
  if (qos > 0 && packetId === 0) return connection.breach(0x82, 'a packet id is never 0')
  let alias = 0
  if (connection.version === 5) {
    const properties = readPublishProperties(bytes, at, end)
    at = properties.end
    if (at < 0) return connection.breach(at === MALFORMED ? 0x81 : 0x82, 'a property is wrong')
    alias = properties.alias
  }
  const known = knownTopic(core, connection, bytes, body + 2, topicEnd, alias)
  if (!known) return
  take(core, connection, known, bytes.subarray(at, end), qos, packetId)
}

function take(
  core: Core,
  connection: Connection,
  known: KnownTopic,
  payload: Buffer,
  qos: number,
  packetId: number,
): void {
  const session = connection.session as Session
  core.counters.messages++
  core.counters.bytes += payload.length
  const type = qos === 2 ? PUBREC : PUBACK
  if (qos === 2 && session.received?.has(packetId)) {
    connection.inFlight++
    return connection.settle(connection.await(type, packetId), undefined)
  }
  if (qos > 0 && ++connection.inFlight > core.limits.receiveMaximum && connection.version === 5) {
    return connection.breach(0x93, `more than ${core.limits.receiveMaximum} messages await an answer`)
  }
  const publication: Publication = {
    connection,
    device: connection.device as Device,
    session,
    known,
    payload,
    qos,
    packetId,
    ack: qos > 0 ? connection.await(type, packetId) : undefined,
  }
  if (qos === 2) remember(session, packetId)
  if (++connection.unsettled >= core.limits.receiveMaximum) connection.pause(Pause.window)
  else if (connection.waiting >= core.limits.receiveMaximum) connection.pause(Pause.window)
  send(core, publication, 0)
  if (core.ingress.congested) hold(core, connection)
}

function hold(core: Core, connection: Connection): void {
  if (connection.pauses & Pause.congested) return
  connection.pause(Pause.congested)
  core.congested.push(connection)
}

function remember(session: Session, packetId: number): void {
  session.received ??= new Set()
  session.received.add(packetId)
  session.storing++
}

function send(core: Core, publication: Publication, attempt: number): void {
  const { device, known, payload } = publication
  const { route } = known
  const settled = (outcome: PublishOutcome): void => settle(core, publication, outcome, attempt)
  if (route.kind === 'up') {
    return core.ingress.publish(device, route.channel, payload, originOf(publication), settled)
  }
  if (route.kind === 'result') {
    core.answerCommand(device, route.command, payload, qos2Of(publication)).then(settled, (error) => {
      core.log.error({ err: error }, 'a command result was not stored')
      settled(unavailable)
    })
    return
  }
  refuseTopic(core, publication, route.detail, settled)
}

/** A topic that is not the device's is refused for good: recorded first, then told. */
function refuseTopic(
  core: Core,
  { device, known, payload }: Publication,
  why: string,
  settled: (outcome: PublishOutcome) => void,
): void {
  const item = { index: 0, code: 'connect.topic', detail: why, id: undefined } as const
  core.ingress.reject({
    tenant: device.tenant.id,
    device,
    code: item.code,
    detail: item.detail,
    origin: known.origin,
    payload,
    messageId: undefined,
  })
  core.ingress.recorded().then(
    () => settled({ kind: 'refused', items: [item], total: 1 }),
    () => settled(unavailable),
  )
}

const unavailable = { kind: 'retry', code: 'connect.unavailable', retryAfterMs: 1000 } as const

const ARRAY = 0x5b

/** True for an array of envelopes, which several transactions may store. */
const isArray = (payload: Buffer): boolean => {
  let at = 0
  while ((payload[at] as number) <= 0x20) at++
  return payload[at] === ARRAY
}

/** What is remembered with the message. The parts of an array must not be taken for the whole. */
const qos2Of = ({ qos, session, packetId, payload }: Publication) =>
  qos === 2 && session.id !== 0 && !isArray(payload) ? { session: session.id, packetId } : undefined

function originOf(publication: Publication): Origin {
  const qos2 = qos2Of(publication)
  return qos2 ? { ...publication.known.origin, qos2 } : publication.known.origin
}

function settle(core: Core, publication: Publication, outcome: PublishOutcome, attempt: number): void {
  const { connection, ack, qos } = publication
  if (outcome.kind === 'retry' && ack === undefined && attempt < SLOWED_ATTEMPTS) {
    return again(core, publication, outcome.retryAfterMs, attempt)
  }
  if (outcome.kind === 'stored') {
    if (ack) storedAck(core, publication, ack)
  } else if (outcome.kind === 'refused') refused(core, publication, outcome)
  else {
    count(core, outcome.code)
    if (qos === 2) publication.session.received?.delete(publication.packetId)
    sendAway(core, connection, outcome)
  }
  if (attempt > 0) connection.unpause(Pause.slowed)
  connection.settled()
  if (qos === 2) stored(publication.session)
}

function storedAck(core: Core, publication: Publication, waiting: Ack): void {
  const { connection, qos, session, packetId, payload } = publication
  if (qos !== 2 || session.id === 0 || !isArray(payload)) return connection.settle(waiting, undefined)
  core.store.remember(session.id, packetId).then(
    () => connection.settle(waiting, undefined),
    () => sendAway(core, connection, unavailable),
  )
}

function stored(session: Session): void {
  if (--session.storing === 0) session.onStored?.()
}

/** How often a message of QoS 0 is tried again while its sender is slowed. */
const SLOWED_ATTEMPTS = 5

/** Nobody would resend a message of QoS 0, so Pulse tries again itself, and reads no more meanwhile. */
function again(core: Core, publication: Publication, afterMs: number, attempt: number): void {
  publication.connection.pause(Pause.slowed)
  core.clock.after(Math.min(afterMs, core.limits.slowMs), () => send(core, publication, attempt + 1))
}

/** Slows a sender whose message cannot be acknowledged, then ends its connection: it will resend. */
function sendAway(core: Core, connection: Connection, outcome: PublishOutcome & { kind: 'retry' }): void {
  if (connection.mode !== 'open' || connection.leaving) return
  connection.leaving = true
  connection.pause(Pause.slowed)
  core.clock.after(Math.min(outcome.retryAfterMs, core.limits.slowMs), () =>
    connection.refuse(outcome.code, 'slowed'),
  )
}

function refused(core: Core, publication: Publication, outcome: PublishOutcome & { kind: 'refused' }): void {
  const { connection, device, known, ack: waiting } = publication
  for (const item of outcome.items) {
    count(core, item.code)
    core.tell(device, {
      code: item.code,
      message: item.detail,
      topic: known.origin.topic ?? '',
      id: item.id,
      index: outcome.total > 1 ? item.index : undefined,
    })
  }
  if (!waiting) return
  if (connection.version === 4) return connection.settle(waiting, undefined)
  const bytes = refusalAck(connection, waiting, outcome)
  if (waiting.type !== PUBREC) return connection.settle(waiting, bytes)
  // A PUBREC that says no frees the packet id, which the stored part of the payload may have taken.
  const { session, packetId } = publication
  const free = session.id !== 0 ? core.store.release(session.id, packetId) : Promise.resolve()
  free.then(
    () => {
      session.received?.delete(packetId)
      connection.settle(waiting, bytes)
    },
    () => sendAway(core, connection, unavailable),
  )
}

function refusalAck(
  connection: Connection,
  waiting: Ack,
  { items, total }: PublishOutcome & { kind: 'refused' },
): Buffer {
  const [first] = items as [RefusedItem]
  const { puback } = refusalKinds[refusalOf(first.code).kind].mqtt as { puback?: number }
  const where = total > 1 ? ` (${items.length} of ${total} refused, first at ${first.index})` : ''
  const reason = connection.explains ? `${first.code}: ${first.detail}${where}` : undefined
  const bytes = ackWithReason(waiting.type, waiting.packetId, puback ?? 0x80, reason)
  if (bytes.length <= connection.packetMaximum) return bytes
  return ackWithReason(waiting.type, waiting.packetId, puback ?? 0x80, undefined)
}

/** PUBREL: the packet id is free once that is written; then PUBCOMP. */
export function onPubrel(core: Core, connection: Connection, packetId: number): void {
  const session = connection.session as Session
  const complete = (): void => {
    session.received?.delete(packetId)
    if (connection.inFlight > 0) connection.inFlight--
    connection.send(ack(PUBCOMP, packetId))
  }
  if (session.id === 0 || !session.received?.has(packetId)) return complete()
  core.store.release(session.id, packetId).then(complete, (error) => {
    core.log.warn({ err: error }, 'a packet id was not released')
    connection.refuse('connect.unavailable', 'unavailable')
  })
}

/** Looks up the topic of a PUBLISH; undefined when the connection ended over it. */
function knownTopic(
  core: Core,
  connection: Connection,
  bytes: Buffer,
  from: number,
  to: number,
  alias: number,
): KnownTopic | undefined {
  if (from === to && connection.version === 5) return byAlias(core, connection, alias)
  const last = connection.known
  const known = last && same(last.bytes, bytes, from, to) ? last : readTopic(core, connection, bytes, from, to)
  if (alias === 0 || !known) return known
  if (alias > core.limits.topicAliases) return void connection.breach(0x94, 'the topic alias is out of range')
  connection.aliases ??= new Map()
  connection.aliases.set(alias, known)
  return known
}

function byAlias(core: Core, connection: Connection, alias: number): KnownTopic | undefined {
  if (alias > core.limits.topicAliases) return void connection.breach(0x94, 'the topic alias is out of range')
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

function readTopic(
  core: Core,
  connection: Connection,
  bytes: Buffer,
  from: number,
  to: number,
): KnownTopic | undefined {
  const name = bytes.subarray(from, to)
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
