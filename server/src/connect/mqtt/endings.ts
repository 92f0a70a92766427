import type { Device } from '#registry'
import type { Connection, Ending } from './connection.ts'
import { type Core, count } from './core.ts'
import { protocolName } from './open.ts'
import type { Session } from './session.ts'
import { scheduleWill } from './will.ts'

/** What follows from the end of a connection: presence, its will, and its session's end or wait. */
export function onEnded(core: Core, connection: Connection, ending: Ending): void {
  const { device, session } = connection
  if (!device || !session) return
  core.counters.connected--
  unlink(core, connection, device)
  connection.outbound?.end()
  core.ingress.presence(device, false, {
    clientId: session.clientId,
    protocol: protocolName(connection.version),
    address: connection.address ?? '',
    reason: ending.reason,
  })
  if (ending.reason === 'protocol') recordBreach(core, connection, device, ending)
  session.connection = undefined
  if (ending.willing !== false && core.running) scheduleWill(core, session, device)
  forget(core, session)
  // A shutdown writes the end of all sessions by one statement.
  if (session.id === 0 || ending.reason === 'taken-over' || !core.running) return
  void core.serially(session.key, () =>
    core.store.close(session.id, session.expiryS).catch((error) => {
      // It is found open at the next start, or ends when the client comes again.
      core.log.warn({ err: error }, 'the end of a session was not written')
    }),
  )
}

/** A session stays known while messages of QoS 2 are on their way: its next connection waits. */
function forget(core: Core, session: Session): void {
  const remove = (): void => {
    if (core.sessions.get(session.key) === session) core.sessions.delete(session.key)
  }
  if (session.storing === 0) return remove()
  session.onStored = remove
}

function unlink(core: Core, connection: Connection, device: Device): void {
  let previous: Connection | undefined
  let next = core.devices.get(device.id)
  while (next && next !== connection) {
    previous = next
    next = next.sibling
  }
  if (!next) return
  if (previous) previous.sibling = connection.sibling
  else if (connection.sibling) core.devices.set(device.id, connection.sibling)
  else core.devices.delete(device.id)
  connection.sibling = undefined
}

function recordBreach(core: Core, connection: Connection, device: Device, ending: Ending): void {
  // A topic that broke the protocol was recorded as such already.
  if (ending.detail?.startsWith('connect.topic')) return
  count(core, 'connect.protocol')
  core.ingress.reject({
    tenant: device.tenant.id,
    device,
    code: 'connect.protocol',
    detail: ending.detail?.replace('connect.protocol: ', '') ?? ending.reason,
    origin: { source: 'mqtt', topic: undefined, address: connection.address },
    payload: undefined,
    messageId: undefined,
  })
}
