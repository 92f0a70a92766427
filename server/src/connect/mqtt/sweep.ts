import type { Connection } from './connection.ts'
import type { Core } from './core.ts'

const SILENT_MS = 1000

/**
 * Looks once a second at every connection: who has not sent a CONNECT in time, who has been silent
 * for longer than its keep-alive allows, who does not read. One look for all is cheaper than a
 * timer each.
 */
export function sweepConnections(core: Core, connections: ReadonlySet<Connection>): void {
  const now = core.clock.now()
  const silent = new Map<string, number>()
  for (const connection of connections) {
    if (connection.mode === 'new') sweepNew(core, connection, now, silent)
    else if (connection.mode === 'open') sweepOpen(core, connection, now)
    else if (
      connection.mode === 'opening' &&
      now - connection.since > core.limits.connectTimeoutMs * 3
    ) {
      connection.finish({ reason: 'lost', abrupt: true })
    }
  }
}

function sweepNew(
  core: Core,
  connection: Connection,
  now: number,
  silent: Map<string, number>,
): void {
  const age = now - connection.since
  if (age >= core.limits.connectTimeoutMs) {
    return connection.finish({ reason: 'slow-connect', abrupt: true })
  }
  if (age < SILENT_MS) return
  const address = connection.address ?? ''
  const count = (silent.get(address) ?? 0) + 1
  silent.set(address, count)
  // The eldest of them are kept: they have least time left.
  if (count > core.limits.silentPerAddress) connection.finish({ reason: 'too-many', abrupt: true })
}

function sweepOpen(core: Core, connection: Connection, now: number): void {
  if (connection.blockedAt !== 0 && now - connection.blockedAt >= core.limits.blockedMs) {
    return connection.end({ reason: 'not-reading', abrupt: true })
  }
  // A connection that Pulse itself does not read cannot be heard.
  if (connection.silenceMs === 0 || connection.pauses !== 0) return
  if (now - connection.heardAt >= connection.silenceMs) {
    connection.end({
      reason: 'keep-alive',
      code: 0x8d,
      detail: 'nothing came within the keep-alive',
    })
  }
}
