import type { Device } from '#registry'
import type { Connection } from './connection.ts'
import type { Core } from './core.ts'
import type { OutboundRow, Sending } from './outbound-store.ts'
import { publish } from './packets.ts'
import type { Session } from './session.ts'
import { matches, patternOf, prefixOf, type Subscription } from './topic.ts'

/** Messages of one client that may be on their way at once, if it takes that many. */
const WINDOW = 64

interface Row extends OutboundRow {
  /** 0 when it is sent at QoS 0. */
  readonly id16: number
  readonly granted: 0 | 1
  readonly again: boolean
}

/** Lets what waits for the device go down `connection`, if it has subscribed to anything. */
export function resumeOutbound(core: Core, connection: Connection): void {
  const session = connection.session as Session
  if (connection.outbound === undefined && session.subscriptions.length === 0 && session.id === 0)
    return
  connection.outbound ??= new Outbound(core, connection)
  connection.outbound.pump()
}

/**
 * What goes down to one client: in order, at most so many at once as the client takes, again under
 * the same packet id when its acknowledgement did not come before the connection ended.
 */
export class Outbound {
  readonly #core: Core
  readonly #connection: Connection
  readonly #sent = new Map<number, OutboundRow>()
  #lastId = 0
  #busy = false
  #again = false

  constructor(core: Core, connection: Connection) {
    this.#core = core
    this.#connection = connection
  }

  /** Looks for messages and sends them; one look at a time. */
  pump(): void {
    if (this.#busy) {
      this.#again = true
      return
    }
    if (!this.#ready) return
    this.#busy = true
    this.#fill()
      .catch((error) => this.#core.log.warn({ err: error }, 'messages to a device were not read'))
      .finally(() => {
        this.#busy = false
        if (!this.#again) return
        this.#again = false
        this.pump()
      })
  }

  get #ready(): boolean {
    const { mode, blockedAt } = this.#connection
    return mode === 'open' && blockedAt === 0 && this.#room > 0
  }

  get #room(): number {
    return Math.min(WINDOW, this.#connection.receiveMaximum) - this.#sent.size
  }

  async #fill(): Promise<void> {
    const session = this.#connection.session as Session
    const device = this.#connection.device as Device
    const room = this.#room
    const patterns = session.subscriptions.map(({ filter }) => patternOf(filter))
    const { rows, full } = await this.#core.claims.look(
      device.id,
      (except) =>
        this.#core.outbounds.take({ device, session: session.id, patterns, except, limit: room }),
      (found) => ({
        rows: this.#connection.mode === 'open' ? this.#claim(found, device, session) : [],
        full: found.length === room,
      }),
    )
    if (rows.length === 0) return
    try {
      await this.#core.outbounds.markSending(device, session.id, rows.flatMap(sending))
    } catch (error) {
      for (const row of rows) this.#release(row.id)
      throw error
    }
    for (const row of rows) this.#send(row, session, device)
    if (full) this.#again = true
  }

  /** Claims rows before anything is awaited, so that no two connections send the same one. */
  #claim(found: readonly OutboundRow[], device: Device, session: Session): Row[] {
    const rows: Row[] = []
    const used = new Set(found.flatMap(({ packetId }) => packetId ?? []))
    for (const row of found) {
      if (!this.#core.claims.claim(device.id, row.id)) continue
      const best = bestQos(session.subscriptions, row.channel)
      const granted = row.qos === 0 || best === 0 ? 0 : 1
      const again = row.packetId !== null && row.session === session.id
      const id16 = granted === 0 ? 0 : again ? (row.packetId as number) : this.#nextId(used)
      if (granted === 1) this.#sent.set(id16, row)
      rows.push({ ...row, granted, again, id16 })
    }
    return rows
  }

  #nextId(used: ReadonlySet<number>): number {
    do {
      this.#lastId = (this.#lastId % 0xffff) + 1
    } while (this.#sent.has(this.#lastId) || used.has(this.#lastId))
    return this.#lastId
  }

  #send(row: Row, session: Session, device: Device): void {
    const connection = this.#connection
    // It ended while the sending was written down; the session sends it again when it resumes.
    if (connection.mode !== 'open') return this.#release(row.id)
    const expiresInS = Math.ceil((row.expiresAt.getTime() - this.#core.clock.now()) / 1000)
    const bytes = publish(connection.version, {
      topic: topicFor(session.subscriptions, row.channel, device),
      payload: row.payload,
      qos: row.granted,
      packetId: row.id16,
      dup: row.again,
      identifiers: identifiersFor(session.subscriptions, row.channel),
      expiresInS: Math.max(1, expiresInS),
    })
    if (bytes.length > connection.packetMaximum) {
      // It can never be sent to this client: as if it had been [MQTT-3.1.2-25].
      this.#sent.delete(row.id16)
      return this.#remove(row, null)
    }
    this.#core.counters.delivered++
    connection.send(bytes)
    if (row.granted === 0) this.#remove(row, null)
  }

  /** PUBACK of the client: the message has arrived, or the client refuses it for good. */
  acknowledged(packetId: number, reasonCode: number): void {
    const row = this.#sent.get(packetId)
    if (!row) return
    this.#sent.delete(packetId)
    this.#remove(row, reasonCode < 0x80 ? row.command : null)
    this.pump()
  }

  #remove(row: OutboundRow, acknowledged: string | null): void {
    const device = this.#connection.device as Device
    const gone = { id: row.id, tenant: device.tenant.id, command: acknowledged }
    this.#core.outbounds.remove(gone).then(
      () => this.#core.claims.gone(device.id, row.id),
      (error) => {
        // It stays and is sent once more: at least once is what QoS 1 promises.
        this.#core.log.warn({ err: error }, 'an acknowledged message was not removed')
        this.#release(row.id)
      },
    )
  }

  #release(id: number): void {
    this.#core.claims.release((this.#connection.device as Device).id, id)
  }

  /** The connection has ended: others may send what was not acknowledged. */
  end(): void {
    for (const row of this.#sent.values()) this.#release(row.id)
    this.#sent.clear()
  }
}

const sending = ({ id, id16, command, granted }: Row): Sending[] =>
  granted === 0 && command === null ? [] : [{ id, packetId: id16, command }]

function bestQos(subscriptions: readonly Subscription[], channel: string): 0 | 1 {
  const found = subscriptions.filter(({ filter }) => matches(filter, channel))
  // What was queued for a filter that is gone meanwhile is still delivered.
  return found.length === 0 || found.some(({ qos }) => qos === 1) ? 1 : 0
}

/** A topic in the form of the filter that it matches: `~/…`, or in full. */
export function topicFor(
  subscriptions: readonly Subscription[],
  channel: string,
  device: Device,
): string {
  const found = subscriptions.filter(({ filter }) => matches(filter, channel))
  const short = found.length > 0 && found.every((one) => one.short)
  return short ? `~/${channel}` : prefixOf(device.tenant.key, device.key) + channel
}

export const identifiersFor = (subscriptions: readonly Subscription[], channel: string): number[] =>
  subscriptions.flatMap(({ filter, identifier }) =>
    identifier !== undefined && matches(filter, channel) ? [identifier] : [],
  )
