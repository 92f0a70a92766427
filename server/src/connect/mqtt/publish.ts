import type { Device } from '#registry'
import { type Connection, Pause } from './connection.ts'
import type { Core } from './core.ts'
import type { Frame } from './framing.ts'
import { knownTopic } from './known-topic.ts'
import { ack, PUBACK, PUBCOMP, PUBREC } from './packets.ts'
import { type Publication, submit } from './publication.ts'
import { MALFORMED, readPublishProperties } from './publish-codec.ts'
import type { Session } from './session.ts'

/** Deals with a PUBLISH: the hot path. */
export function onPublish(
  core: Core,
  connection: Connection,
  { bytes, start, body, end }: Frame,
): void {
  const first = bytes[start] as number
  const qos = (first >> 1) & 3
  if (qos === 3) return connection.breach(0x81, 'there is no QoS 3')
  if (qos === 0 && first & 8) return connection.breach(0x81, 'QoS 0 cannot be a duplicate')
  if (first & 1 && connection.version === 5) {
    return connection.end({
      reason: 'protocol',
      code: 0x9a,
      detail: 'retained messages are not kept',
    })
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
  const known = knownTopic(core, connection, bytes, { from: body + 2, to: topicEnd, alias })
  if (!known) return
  const device = connection.device as Device
  const session = connection.session as Session
  const payload = bytes.subarray(at, end)
  take(core, { connection, device, session, known, payload, qos, packetId, ack: undefined })
}

function take(core: Core, publication: Publication): void {
  const { connection, session, qos, packetId } = publication
  core.counters.messages++
  core.counters.bytes += publication.payload.length
  if (qos === 2 && session.received?.has(packetId)) {
    connection.inFlight++
    return connection.settle(connection.acks.add(PUBREC, packetId), undefined)
  }
  if (qos > 0) {
    const most = core.limits.receiveMaximum
    if (++connection.inFlight > most && connection.version === 5) {
      return connection.breach(0x93, `more than ${most} messages await an answer`)
    }
    publication.ack = connection.acks.add(qos === 2 ? PUBREC : PUBACK, packetId)
  }
  if (qos === 2) remember(session, packetId)
  connection.unsettled++
  // Those who know the receive maximum are held to it; the others are not read past it.
  if (connection.version === 4 || qos === 0) {
    const most = Math.max(connection.unsettled, connection.acks.length)
    if (most >= core.limits.receiveMaximum) connection.pause(Pause.window)
  }
  submit(core, publication, 0)
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
