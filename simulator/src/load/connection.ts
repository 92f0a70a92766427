import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { LoadDevice } from './config.ts'
import { InFlight, type Sent } from './in-flight.ts'
import {
  DISCONNECT,
  decodeConnack,
  encodeConnect,
  encodePublish,
  MAX_PUBLISH_BYTES,
  PACKET,
  PINGREQ,
  type Publish,
  payloadPrefix,
  readPackets,
} from './packets.ts'
import { createRanges } from './ranges.ts'

/** What a connection asks of the run that it belongs to. */
export interface Run {
  readonly config: {
    readonly host: string
    readonly port: number
    readonly tls?: { readonly servername?: string; readonly insecure?: boolean }
    readonly run: string
    readonly redeliver: boolean
    readonly keepAliveS?: number
  }
  readonly protocol: 4 | 5
  /** Contents of the CA file, for TLS. */
  readonly ca: Buffer | undefined
  /** Most messages in flight on one connection; the server may ask for fewer. */
  readonly window: number
  /** Whether messages are made without end (closed loop), or only those that are due. */
  readonly endless: () => boolean
  readonly tsOffsetMs: number
  readonly metrics: (deviceIndex: number, n: number) => Uint8Array
  readonly output: Output
  onOpen(connection: Connection): void
  onLost(connection: Connection, was: 'open' | 'connecting', why: string): void
  onSent(lateMs: number): void
  /** `sent` is overwritten by the next one; `code` is the reason code, 0 in MQTT 3.1.1. */
  onAcked(connection: Connection, sent: Sent, code: number): void
  onAbandoned(count: number): void
  onRedelivered(count: number): void
}

/** One buffer that all connections encode into, and one that all read into. */
export interface Output {
  buffer: Buffer
  used: number
  readonly input: Buffer
}

const OUTPUT_BYTES = 1 << 20
const WRITE_BYTES = 1 << 16
const SESSION_EXPIRY_S = 3600

export const createOutput = (): Output => ({
  buffer: Buffer.allocUnsafe(OUTPUT_BYTES),
  used: 0,
  input: Buffer.allocUnsafeSlow(WRITE_BYTES),
})

const publish: Publish = { packetId: 0, dup: false, n: 0, ts: 0, metrics: new Uint8Array() }
const scratch: Sent = { n: 0, ts: 0, packetId: 0, startedAt: 0 }

/**
 * One device's connection. `idle` until `open()`, then `connecting` until CONNACK, then `open`;
 * a loss leads back to `idle` and tells the run, which decides when to open it again.
 */
export class Connection {
  readonly device: LoadDevice
  readonly index: number
  state: 'idle' | 'connecting' | 'open' | 'ended' = 'idle'
  /** Number of the newest message made. */
  n = 0
  /** Failures since the last CONNACK, for the back-off. */
  failures = 0
  readonly inFlight: InFlight
  /** When the messages that are due and not sent yet were due; `performance.now()`. */
  readonly due: number[] = []
  #dueHead = 0
  readonly #run: Run
  readonly #head: { readonly protocol: 4 | 5; readonly prefix: Buffer }
  #socket: Socket | undefined
  #rest: Buffer | undefined
  #window: number
  #packetId = 0
  #ts = 0
  #everOpen = false
  #pings: NodeJS.Timeout | undefined

  constructor(run: Run, device: LoadDevice, index: number) {
    this.#run = run
    this.device = device
    this.index = index
    this.#window = run.window
    this.inFlight = new InFlight(Math.min(run.window, 16))
    this.#head = { protocol: run.protocol, prefix: payloadPrefix(run.config.run, device.key) }
  }

  open(): void {
    const { config, ca, output } = this.#run
    this.state = 'connecting'
    this.#rest = undefined
    const onOpen = () => this.#socket?.write(this.#connectPacket())
    const socket = config.tls
      ? connectTls(
          {
            host: config.host,
            port: config.port,
            ...(ca && { ca }),
            ...(config.tls.servername && { servername: config.tls.servername }),
            rejectUnauthorized: !config.tls.insecure,
          },
          onOpen,
        ).on('data', (chunk: Buffer) => this.#read(chunk, chunk.length))
      : connectTcp(
          {
            host: config.host,
            port: config.port,
            // Reads are handed over at once, so that one buffer serves all connections.
            onread: {
              buffer: output.input,
              callback: (length) => {
                this.#read(output.input, length)
                return true
              },
            },
          },
          onOpen,
        )
    socket.setNoDelay(true)
    let why = 'closed by the server'
    socket.on('error', (cause) => {
      why = cause.message
    })
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#lose(socket, why))
    this.#socket = socket
  }

  /** Sends what may be sent now. `nowMs` is `performance.now()`. */
  pump(nowMs: number): void {
    if (this.state !== 'open') return
    const { output, endless } = this.#run
    let start = output.used
    while (this.inFlight.size < this.#window) {
      const dueAt = this.#dueHead < this.due.length ? this.#nextDue() : undefined
      if (dueAt === undefined && !endless()) break
      this.#make(dueAt ?? nowMs, nowMs)
      if (output.used - start < WRITE_BYTES - MAX_PUBLISH_BYTES) continue
      this.#flush(start)
      start = output.used
    }
    if (output.used > start) this.#flush(start)
  }

  /** Numbers that were sent and never acknowledged, as ranges. */
  unacknowledged(): readonly number[] {
    const numbers = createRanges()
    for (let at = 0; at < this.inFlight.size; at++) {
      this.inFlight.read(at, scratch)
      numbers.add(scratch.n)
    }
    return numbers.flat()
  }

  /** Leaves in good order. */
  end(): void {
    this.state = 'ended'
    clearInterval(this.#pings)
    if (!this.#socket) return
    if (!this.#socket.connecting) this.#socket.write(DISCONNECT[this.#run.protocol])
    this.#socket.destroySoon()
  }

  #connectPacket(): Buffer {
    const { config, protocol } = this.#run
    return encodeConnect({
      protocol,
      clientId: this.device.key,
      username: `${this.device.tenant}/${this.device.key}`,
      password: this.device.token,
      // A session of 3.1.1 outlives its connection only if it never was a clean one.
      clean: !config.redeliver || (protocol === 5 && !this.#everOpen),
      keepAliveS: config.keepAliveS ?? 0,
      sessionExpiryS: config.redeliver ? SESSION_EXPIRY_S : 0,
    })
  }

  #nextDue(): number {
    const dueAt = this.due[this.#dueHead++] as number
    if (this.#dueHead === this.due.length) {
      this.due.length = 0
      this.#dueHead = 0
    }
    return dueAt
  }

  #make(startedAt: number, nowMs: number): void {
    const run = this.#run
    const due = Math.round(Date.now() - (nowMs - startedAt)) + run.tsOffsetMs
    this.#ts = Math.max(due, this.#ts + 1)
    this.n++
    this.#packetId = this.#packetId === 0xffff ? 1 : this.#packetId + 1
    this.inFlight.push(this.n, this.#ts, this.#packetId, startedAt)
    this.#encode(this.n, this.#ts, this.#packetId, false)
    run.onSent(nowMs - startedAt)
  }

  #encode(n: number, ts: number, packetId: number, dup: boolean): void {
    const { output, metrics } = this.#run
    publish.packetId = packetId
    publish.dup = dup
    publish.n = n
    publish.ts = ts
    publish.metrics = metrics(this.index, n)
    output.used = encodePublish(output.buffer, output.used, this.#head, publish)
  }

  #flush(start: number): void {
    const { output } = this.#run
    const socket = this.#socket as Socket
    socket.write(output.buffer.subarray(start, output.used))
    // Written at once, as nearly always: the bytes can be used again. Otherwise the socket keeps
    // them until it can write, and the buffer is used up instead.
    if (socket.writableLength === 0) output.used = start
    else if (output.buffer.length - output.used < 2 * WRITE_BYTES) {
      output.buffer = Buffer.allocUnsafe(OUTPUT_BYTES)
      output.used = 0
    }
  }

  #read(chunk: Buffer, length: number): void {
    let bytes = chunk
    let total = length
    if (this.#rest) {
      bytes = Buffer.concat([this.#rest, chunk.subarray(0, length)])
      total = bytes.length
      this.#rest = undefined
    }
    const now = performance.now()
    const taken = readPackets(bytes, total, (header, body, start, end) =>
      this.#receive(header, body.subarray(start, end)),
    )
    // Copied, because the bytes belong to the buffer that all share.
    if (taken < total) this.#rest = Buffer.from(bytes.subarray(taken, total))
    // Half a window at once: one write for many messages.
    if (this.due.length > 0 || this.inFlight.size <= this.#window >> 1) this.pump(now)
  }

  #receive(header: number, body: Buffer): void {
    const type = header >> 4
    if (type === PACKET.puback) this.#settle(body)
    else if (type === PACKET.connack) this.#accept(body)
    else if (type === PACKET.disconnect) this.#leave(body)
    else if (type === PACKET.publish && (header & 0x06) === 0x02) this.#acknowledge(body)
  }

  #settle(body: Buffer): void {
    const packetId = ((body[0] as number) << 8) | (body[1] as number)
    if (!this.inFlight.take(packetId, scratch)) return
    this.#run.onAcked(this, scratch, body.length > 2 ? (body[2] as number) : 0)
  }

  #leave(body: Buffer): void {
    this.#socket?.destroy(new Error(`DISCONNECT 0x${(body[0] ?? 0).toString(16)}`))
  }

  /** We subscribe to nothing, but a message that comes must be acknowledged. */
  #acknowledge(body: Buffer): void {
    const at = 2 + body.readUInt16BE(0)
    this.#socket?.write(Buffer.from([0x40, 2, body[at] as number, body[at + 1] as number]))
  }

  #accept(body: Buffer): void {
    const { config, protocol, window } = this.#run
    const connack = decodeConnack(body, protocol)
    if (connack.code !== 0) {
      this.#socket?.destroy(new Error(`CONNACK 0x${connack.code.toString(16)}`))
      return
    }
    this.state = 'open'
    this.failures = 0
    this.#everOpen = true
    this.#window = Math.min(window, connack.receiveMaximum)
    const keepAliveS = connack.serverKeepAliveS ?? config.keepAliveS ?? 0
    clearInterval(this.#pings)
    if (keepAliveS > 0) {
      this.#pings = setInterval(() => this.#socket?.write(PINGREQ), keepAliveS * 700)
    }
    this.#resend(connack.sessionPresent)
    this.#run.onOpen(this)
  }

  /** Sends what is unacknowledged again, oldest first, each with the id and ts it had. */
  #resend(sessionPresent: boolean): void {
    const { output } = this.#run
    for (let at = 0; at < this.inFlight.size; at++) {
      const start = output.used
      this.inFlight.read(at, scratch)
      this.#encode(scratch.n, scratch.ts, scratch.packetId, sessionPresent)
      this.#flush(start)
    }
    if (this.inFlight.size > 0) this.#run.onRedelivered(this.inFlight.size)
  }

  #lose(socket: Socket, why: string): void {
    if (socket !== this.#socket) return
    this.#socket = undefined
    clearInterval(this.#pings)
    if (this.state === 'ended') return
    const was = this.state === 'open' ? 'open' : 'connecting'
    this.state = 'idle'
    if (!this.#run.config.redeliver) {
      this.#run.onAbandoned(this.inFlight.size)
      this.inFlight.clear()
    }
    this.failures++
    this.#run.onLost(this, was, why)
  }
}
