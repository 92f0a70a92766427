import { refusalKinds, refusalOf } from '@pulse/contract'
import type { Device } from '#registry'
import type { Origin, PublishOutcome, RefusedItem } from '../ingress.ts'
import type { Ack } from './ack-queue.ts'
import { type Connection, Pause } from './connection.ts'
import { type Core, count } from './core.ts'
import { ackWithReason, PUBREC } from './packets.ts'
import type { Session } from './session.ts'
import type { KnownTopic } from './topic.ts'

/** One PUBLISH of a client on its way to an outcome. */
export interface Publication {
  readonly connection: Connection
  readonly device: Device
  readonly session: Session
  readonly known: KnownTopic
  readonly payload: Buffer
  readonly qos: number
  readonly packetId: number
  /** Undefined for QoS 0. */
  ack: Ack | undefined
}

/** Hands a message to whom its topic names, and does what its outcome asks. */
export function submit(core: Core, publication: Publication, attempt: number): void {
  const { device, known, payload } = publication
  const { route } = known
  const settled = (outcome: PublishOutcome): void => settle(core, publication, outcome, attempt)
  if (route.kind === 'up') {
    return core.ingress.publish(device, route.channel, payload, originOf(publication), settled)
  }
  if (route.kind === 'result') return answer(core, publication, route.command, settled)
  const item = { index: 0, code: 'connect.topic', detail: route.detail, id: undefined } as const
  refuse(core, publication, { kind: 'refused', items: [item], total: 1 }, settled)
}

type Settled = (outcome: PublishOutcome) => void
type Refused = PublishOutcome & { kind: 'refused' }

function answer(core: Core, publication: Publication, command: string, settled: Settled): void {
  const { device, payload } = publication
  core.answerCommand(device, command, payload, qos2Of(publication)).then(
    (outcome) => {
      if (outcome.kind === 'refused') refuse(core, publication, outcome, settled)
      else settled(outcome)
    },
    (error) => {
      core.log.error({ err: error }, 'a command result was not stored')
      settled(unavailable)
    },
  )
}

/** What the gateway itself refuses for good is recorded first, then told. */
function refuse(core: Core, publication: Publication, outcome: Refused, settled: Settled): void {
  const { device, known, payload } = publication
  for (const { code, detail, id } of outcome.items) {
    core.ingress.reject({
      tenant: device.tenant.id,
      device,
      code,
      detail,
      origin: known.origin,
      payload,
      messageId: id,
    })
  }
  core.ingress.recorded().then(
    () => settled(outcome),
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

function settle(
  core: Core,
  publication: Publication,
  outcome: PublishOutcome,
  attempt: number,
): void {
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
  if (qos !== 2 || session.id === 0 || !isArray(payload))
    return connection.settle(waiting, undefined)
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
  core.clock.after(Math.min(afterMs, core.limits.slowMs), () =>
    submit(core, publication, attempt + 1),
  )
}

/** Slows a sender whose message cannot be acknowledged, then ends its connection: it will resend. */
function sendAway(
  core: Core,
  connection: Connection,
  outcome: PublishOutcome & { kind: 'retry' },
): void {
  if (connection.mode !== 'open' || connection.leaving) return
  connection.leaving = true
  connection.pause(Pause.slowed)
  core.clock.after(Math.min(outcome.retryAfterMs, core.limits.slowMs), () =>
    connection.refuse(outcome.code, 'slowed'),
  )
}

function refused(core: Core, publication: Publication, outcome: Refused): void {
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

function refusalAck(connection: Connection, waiting: Ack, { items, total }: Refused): Buffer {
  const [first] = items as [RefusedItem]
  const { puback } = refusalKinds[refusalOf(first.code).kind].mqtt as { puback?: number }
  const where = total > 1 ? ` (${items.length} of ${total} refused, first at ${first.index})` : ''
  const reason = connection.explains ? `${first.code}: ${first.detail}${where}` : undefined
  const bytes = ackWithReason(waiting.type, waiting.packetId, puback ?? 0x80, reason)
  if (bytes.length <= connection.packetMaximum) return bytes
  return ackWithReason(waiting.type, waiting.packetId, puback ?? 0x80, undefined)
}
