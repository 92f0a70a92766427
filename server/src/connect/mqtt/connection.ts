import { type RefusalCode, refusalKinds, refusalOf } from '@pulse/contract'
import type { Clock } from '#platform'
import type { Device } from '#registry'
import { type Ack, AckQueue } from './ack-queue.ts'
import { BAD_LENGTH, emptyFrame, type Frame, Framer, TOO_LARGE } from './framing.ts'
import type { GatewayLimits } from './limits.ts'
import type { Outbound } from './outbound.ts'
import { disconnect, pingResponse, type Version } from './packets.ts'
import type { Session } from './session.ts'
import type { KnownTopic } from './topic.ts'
import type { Wire } from './wire.ts'

/** Why a connection is not read; the reasons add up, and reading goes on when all are gone. */
export const Pause = {
  /** A packet is being dealt with whose effects the next ones need. */
  busy: 1,
  /** The client does not read what it is sent. */
  blocked: 2,
  /** The lanes are full. */
  congested: 4,
  /** Too many messages of this client have not settled. */
  window: 8,
  /** The client sent faster than allowed, or Pulse cannot store. */
  slowed: 16,
} as const

/** How a connection ended. */
export interface Ending {
  /** For presence: `disconnect`, `keep-alive`, `lost`… */
  readonly reason: string
  /** Reason code of the DISCONNECT that a client of MQTT 5 is sent; undefined sends none. */
  readonly code?: number | undefined
  readonly detail?: string | undefined
  /** True when the will is not to be published. */
  readonly willing?: false | undefined
  /** Nothing that waits to be written is worth the wait. */
  readonly abrupt?: true | undefined
}

/** What a connection needs of the gateway. */
export interface ConnectionHost {
  readonly clock: Clock
  readonly limits: GatewayLimits
  /** Deals with one packet. It may pause or end the connection. */
  dispatch(connection: Connection, frame: Frame): void
  /** A packet is larger than `limit` bytes: the connection is to end. */
  oversized(connection: Connection, limit: number): void
  /** Flushes the acknowledgements of `connection` soon, together with those of others. */
  flushSoon(connection: Connection): void
  /** The connection has ended; called once. */
  ended(connection: Connection, ending: Ending): void
  drained(connection: Connection): void
  /** The client has signed in: it counts no longer against those of its address that have not. */
  signedIn(connection: Connection): void
}

// Packets are dealt with one at a time and nothing keeps the frame: one for all connections.
const frame = emptyFrame()

/**
 * One client's connection, from its first byte to its end.
 *
 * Modes: `new` until a complete CONNECT, `opening` while it is checked, `open`, and `ended`. An
 * ended connection may still write its last bytes, but reads and answers nothing.
 */
export class Connection {
  readonly host: ConnectionHost
  readonly wire: Wire
  readonly address: string | undefined
  readonly since: number
  mode: 'new' | 'opening' | 'open' | 'ended' = 'new'
  version: Version = 4
  device: Device | undefined
  session: Session | undefined
  /** The next connection of the same device. */
  sibling: Connection | undefined
  /** When bytes last came, epoch milliseconds. */
  heardAt: number
  /** Longest silence, milliseconds; 0 is any. */
  silenceMs = 0
  /** When the client stopped reading; 0 while it reads. */
  blockedAt = 0
  /** What the client takes (MQTT 5). */
  receiveMaximum = 65_535
  packetMaximum = 0xffff_ffff
  /** False when the client does not want to hear reasons. */
  explains = true
  /** The topic of the last PUBLISH, to spare the reading of the next. */
  known: KnownTopic | undefined
  aliases: Map<number, KnownTopic> | undefined
  outbound: Outbound | undefined
  /** Messages that have not settled, of any quality of service. */
  unsettled = 0
  dirty = false
  /** It will be ended soon, for a message that cannot be acknowledged. */
  leaving = false
  pauses = 0
  /** Messages of QoS 1 and 2 that count against the receive maximum [MQTT-4.9]. */
  inFlight = 0
  /** Messages that await their acknowledgement. */
  readonly acks = new AckQueue()
  readonly #framer = new Framer()
  #reading = false
  #pongs = 0
  #rest: Buffer[] | undefined

  constructor(host: ConnectionHost, wire: Wire) {
    this.host = host
    this.wire = wire
    this.address = wire.remoteAddress
    this.since = this.heardAt = host.clock.now()
  }

  /** Takes what came from the client. */
  receive(chunk: Buffer): void {
    if (this.mode === 'ended') return
    this.heardAt = this.host.clock.now()
    if (this.pauses !== 0) {
      this.#rest ??= []
      this.#rest.push(chunk)
    } else this.#read(chunk)
  }

  #read(chunk: Buffer): void {
    this.#reading = true
    let offset = 0
    while (offset < chunk.length && this.mode !== 'ended') {
      if (this.pauses !== 0) {
        this.#rest ??= []
        this.#rest.unshift(chunk.subarray(offset))
        break
      }
      offset = this.#readOne(chunk, offset)
    }
    this.#reading = false
    if (this.#pongs > 0) this.#pong()
  }

  /** Answers PINGREQ; a flood of them is answered by one write for each read. */
  pong(): void {
    this.#pongs++
  }

  #pong(): void {
    const count = this.#pongs
    this.#pongs = 0
    this.send(count === 1 ? pingResponse : Buffer.alloc(count * 2, pingResponse))
  }

  #readOne(chunk: Buffer, offset: number): number {
    // Only CONNECT may come first: a client that speaks something else is not waited for.
    if (this.mode === 'new' && this.#framer.empty && chunk[offset] !== 0x10) {
      this.finish({ reason: 'protocol', abrupt: true })
      return chunk.length
    }
    const { limits } = this.host
    const limit = this.mode === 'open' ? limits.packetBytes : limits.connectBytes
    const next = this.#framer.next(chunk, offset, limit, frame)
    if (next === TOO_LARGE) this.host.oversized(this, limit)
    else if (next === BAD_LENGTH) this.breach(0x81, 'the remaining length is malformed')
    else if (frame.end !== 0) this.host.dispatch(this, frame)
    return next < 0 ? chunk.length : next
  }

  pause(reason: number): void {
    if (this.pauses === 0) this.wire.pause()
    this.pauses |= reason
  }

  unpause(reason: number): void {
    if ((this.pauses & reason) === 0) return
    this.pauses &= ~reason
    // Within a packet: who reads goes on by itself, in the right order.
    if (this.#reading) {
      if (this.pauses === 0) this.wire.resume()
      return
    }
    while (this.pauses === 0 && this.#rest !== undefined && this.mode !== 'ended') {
      const chunk = this.#rest.shift()
      if (chunk) this.#read(chunk)
      else this.#rest = undefined
    }
    if (this.pauses === 0) this.wire.resume()
  }

  /** Writes to the client; when it does not read, the connection is not read either. */
  send(bytes: Uint8Array): void {
    if (this.mode === 'ended') return
    if (this.wire.write(bytes) || this.blockedAt !== 0) return
    this.blockedAt = this.host.clock.now()
    this.pause(Pause.blocked)
  }

  /** What was written has gone: the client reads again. */
  drain(): void {
    if (this.blockedAt === 0) return
    this.blockedAt = 0
    this.unpause(Pause.blocked)
    this.flush()
    if (this.mode === 'open') this.host.drained(this)
  }

  /** The message is settled: its acknowledgement leaves when all before it have left. */
  settle(ack: Ack, bytes: Buffer | undefined): void {
    ack.bytes = bytes
    ack.state = bytes === undefined ? 1 : 2
    if (!this.dirty) this.host.flushSoon(this)
  }

  /** Writes the leading run of settled acknowledgements at once. */
  flush(): void {
    this.dirty = false
    if (this.mode !== 'open' || this.blockedAt !== 0) return
    const bytes = this.acks.take()
    if (!bytes) return
    this.inFlight -= this.acks.ended
    this.send(bytes)
    if (this.pauses & Pause.window && this.#roomAgain) this.unpause(Pause.window)
  }

  get #roomAgain(): boolean {
    return Math.max(this.unsettled, this.acks.length) * 2 <= this.host.limits.receiveMaximum
  }

  /** One message has settled; a client that was held up for its many messages may go on. */
  settled(): void {
    this.unsettled--
    if (this.pauses & Pause.window && this.#roomAgain) this.unpause(Pause.window)
  }

  /** Ends the connection because the client broke the protocol. */
  breach(code: number, detail: string): void {
    this.end({ reason: 'protocol', code, detail: `connect.protocol: ${detail}` })
  }

  /** Ends the connection with the reason code of a refusal. */
  refuse(code: RefusalCode, reason: string, detail = refusalOf(code).text): void {
    const { disconnect: mqtt } = refusalKinds[refusalOf(code).kind].mqtt as { disconnect?: number }
    this.end({ reason, code: mqtt ?? 0x80, detail: `${code}: ${detail}` })
  }

  /** Ends the connection. Acknowledgements that are due leave first; only the first call counts. */
  end(ending: Ending): void {
    if (this.mode === 'ended') return
    this.flush()
    if (
      this.mode === 'open' &&
      this.version === 5 &&
      ending.code !== undefined &&
      this.blockedAt === 0
    ) {
      this.send(disconnect(ending.code, ending.detail))
    }
    this.finish(ending)
  }

  /** Ends the connection after its last bytes were written. */
  finish(ending: Ending): void {
    if (this.mode === 'ended') return
    this.mode = 'ended'
    this.#rest = undefined
    this.acks.clear()
    this.aliases = this.known = undefined
    if (ending.abrupt || this.blockedAt !== 0) this.wire.destroy()
    else this.#linger()
    this.host.ended(this, ending)
  }

  /**
   * Half-closes and reads on for a moment: closing with unread bytes would reset the connection,
   * and the client might never see why it was sent away.
   */
  #linger(): void {
    this.wire.end()
    this.wire.resume()
    this.host.clock.after(LINGER_MS, () => void this.wire.destroy())
  }
}

const LINGER_MS = 1000
