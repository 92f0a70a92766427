import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import {
  devicesOf,
  type LoadConfig,
  type LoadDevice,
  type LoadNumbers,
  type LoadResult,
} from './config.ts'
import { Connection, createOutput, type Run } from './connection.ts'
import type { Sent } from './in-flight.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { createMetrics } from './metrics.ts'
import { startPace } from './pace.ts'
import { messageId } from './packets.ts'
import { createRanges, type Ranges } from './ranges.ts'
import { Tally } from './tally.ts'

/** News of a run while it goes on. */
export type LoadEvent =
  | { readonly type: 'connected'; readonly connections: number; readonly seconds: number }
  | { readonly type: 'started'; readonly at: string }
  | {
      readonly type: 'progress'
      readonly second: number
      readonly acked: number
      readonly inFlight: number
      readonly open: number
    }
  | { readonly type: 'lost'; readonly device: string; readonly why: string }

export interface LoadHooks {
  readonly onEvent?: (event: LoadEvent) => void
  /** Ends the sending early; what is in flight is still waited for. */
  readonly signal?: AbortSignal
}

/** Most connections that wait for their CONNACK at once: below a usual backlog of 511. */
const MAX_CONNECTING = 400
const OPEN_TICK_MS = 10
const CONNECT_DEADLINE_MS = 120_000
const OPEN_LOOP_WINDOW = 65_535

/**
 * Plays devices against a Pulse endpoint and resolves to what was seen.
 * Needs a file descriptor per device: see `ulimit -n`.
 *
 * @throws Error when not all devices are connected within two minutes
 */
export async function runLoad(config: LoadConfig, hooks: LoadHooks = {}): Promise<LoadResult> {
  const load = new Load(config, hooks)
  await load.prepare()
  try {
    if (config.barrier === false) await Promise.all([load.connect(), load.send()])
    else {
      await load.connect()
      await load.send()
    }
    await load.drain()
  } finally {
    await load.close()
  }
  if (config.resultFile) writeFileSync(config.resultFile, JSON.stringify(load.numbers()))
  return load.result()
}

interface Acked {
  readonly index: number
  readonly n: number
}

class Load implements Run {
  readonly config: LoadConfig
  readonly protocol: 4 | 5
  readonly ca: Buffer | undefined
  readonly window: number
  readonly tsOffsetMs: number
  readonly metrics: Run['metrics']
  readonly output = createOutput()
  readonly #hooks: LoadHooks
  readonly #devices: readonly LoadDevice[]
  readonly #connections: readonly Connection[]
  readonly #acked: readonly Ranges[]
  readonly #refused: readonly Ranges[]
  readonly #tally = new Tally()
  readonly #seen = new Set<Connection>()
  #ledger: Ledger<Acked> | undefined
  #failure: unknown
  #open = 0
  #connecting = 0
  #sending = false
  /** Connections that are to be opened, and how many of them may be at once. */
  readonly #toOpen: Connection[] = []
  #allowed = 0
  #opener: NodeJS.Timeout | undefined

  constructor(config: LoadConfig, hooks: LoadHooks) {
    this.config = config
    this.#hooks = hooks
    this.protocol = config.protocol ?? 5
    this.ca = config.tls?.ca ? readFileSync(config.tls.ca) : undefined
    this.window = config.mode.kind === 'closed' ? config.mode.window : OPEN_LOOP_WINDOW
    this.tsOffsetMs = config.tsOffsetMs ?? 0
    this.metrics = createMetrics(config.hot)
    this.#devices = devicesOf(config)
    this.#acked = this.#devices.map(createRanges)
    this.#refused = this.#devices.map(createRanges)
    this.#connections = this.#devices.map((device, index) => new Connection(this, device, index))
  }

  async prepare(): Promise<void> {
    if (!this.config.ledger) return
    this.#ledger = await openLedger<Acked>({
      path: this.config.ledger,
      onDurable: (items) => {
        for (const { index, n } of items) this.#acked[index]?.add(n)
        this.#tally.countAcked(items.length)
      },
      onError: (cause) => {
        this.#failure = cause
      },
    })
  }

  /** Resolves when every device has been connected. */
  async connect(): Promise<void> {
    const startedAt = performance.now()
    this.#toOpen.push(...this.#connections)
    this.#opener = setInterval(() => this.#openSome(), OPEN_TICK_MS)
    while (this.#seen.size < this.#connections.length && !this.#stopped()) {
      if (performance.now() - startedAt > CONNECT_DEADLINE_MS) {
        throw new Error(`only ${this.#seen.size} of ${this.#connections.length} are connected`)
      }
      await wait(OPEN_TICK_MS)
    }
    this.#tally.connectSeconds = (performance.now() - startedAt) / 1000
    this.#emit({ type: 'connected', connections: this.#open, seconds: this.#tally.connectSeconds })
  }

  async send(): Promise<void> {
    const { mode, seconds, warmupSeconds = 0 } = this.config
    this.#emit({ type: 'started', at: new Date().toISOString() })
    this.#sending = true
    const stopPace = mode.kind === 'open' ? startPace(mode.perSecond, this.#connections) : () => {}
    if (mode.kind === 'closed') for (const each of this.#connections) each.pump(performance.now())
    const startedAt = performance.now()
    let second = 0
    let measuring = false
    while (!this.#stopped()) {
      const elapsed = (performance.now() - startedAt) / 1000
      if (!measuring && elapsed >= warmupSeconds) {
        measuring = true
        this.#tally.measure()
      }
      if (elapsed >= seconds) break
      const next = measuring ? seconds : warmupSeconds
      await this.#pause(Math.min(second + 1 - elapsed, next - elapsed) * 1000)
      if ((performance.now() - startedAt) / 1000 >= second + 1) this.#progress(++second)
    }
    this.#sending = false
    this.#tally.rest()
    stopPace()
  }

  /** Waits until everything is acknowledged, or for the time that the config allows. */
  async drain(): Promise<void> {
    const deadline = performance.now() + (this.config.drainSeconds ?? 30) * 1000
    while (this.#waiting() > 0 && performance.now() < deadline) await wait(20)
  }

  async close(): Promise<void> {
    clearInterval(this.#opener)
    for (const connection of this.#connections) connection.end()
    await this.#ledger?.close()
    if (this.#failure !== undefined) throw new Error('the ledger failed', { cause: this.#failure })
  }

  result(): LoadResult {
    return this.#tally.result(this.config, this.#devices.length, this.#waiting())
  }

  numbers(): LoadNumbers {
    const devices = this.#connections.map((connection, index) => ({
      tenant: connection.device.tenant,
      key: connection.device.key,
      sent: connection.n,
      acked: this.#acked[index]?.flat() ?? [],
      refused: this.#refused[index]?.flat() ?? [],
      unacknowledged: connection.unacknowledged(),
    }))
    return { run: this.config.run, devices }
  }

  readonly endless = (): boolean => this.#sending && this.config.mode.kind === 'closed'

  onOpen(connection: Connection): void {
    this.#connecting--
    this.#open++
    if (this.#seen.has(connection)) this.#tally.reconnects++
    this.#seen.add(connection)
    connection.pump(performance.now())
  }

  onLost(connection: Connection, was: 'open' | 'connecting', why: string): void {
    if (was === 'open') this.#open--
    else this.#connecting--
    this.#emit({ type: 'lost', device: connection.device.key, why })
    // Spread over time, so that a restarted server meets no storm that we made.
    const limitMs = Math.min(100 * 2 ** Math.min(connection.failures, 5), 2000)
    setTimeout(() => this.#toOpen.push(connection), limitMs * (0.5 + Math.random() / 2))
  }

  onSent(lateMs: number): void {
    this.#tally.countSent(lateMs)
  }

  onAcked({ index, device }: Connection, { n, startedAt }: Sent, code: number): void {
    this.#tally.recordAck(performance.now() - startedAt)
    if (code >= 0x80) {
      this.#tally.countRefused(code)
      this.#refused[index]?.add(n)
    } else if (this.#ledger) {
      this.#ledger.append(messageId(this.config.run, device.key, n), { index, n })
    } else {
      this.#acked[index]?.add(n)
      this.#tally.countAcked(1)
    }
  }

  onAbandoned(count: number): void {
    this.#tally.abandoned += count
  }

  onRedelivered(count: number): void {
    this.#tally.redelivered += count
  }

  /** Opens what waits for it, as fast as the config and the server's backlog allow. */
  #openSome(): void {
    const perTick = ((this.config.connectPerSecond ?? 2000) * OPEN_TICK_MS) / 1000
    this.#allowed = Math.min(this.#allowed + perTick, Math.max(perTick, 1))
    while (this.#allowed >= 1 && this.#connecting < MAX_CONNECTING) {
      const connection = this.#toOpen.shift()
      if (!connection) break
      this.#allowed--
      this.#connecting++
      connection.open()
    }
  }

  /** In flight, or due and not sent yet. */
  #waiting(): number {
    return this.#connections.reduce((sum, { inFlight, due }) => sum + inFlight.size + due.length, 0)
  }

  #progress(second: number): void {
    const { acked } = this.#tally
    this.#emit({ type: 'progress', second, acked, inFlight: this.#waiting(), open: this.#open })
  }

  async #pause(ms: number): Promise<void> {
    // An abort ends the pause early; the loop sees it.
    await wait(Math.max(ms, 0), undefined, { signal: this.#hooks.signal }).catch(() => {})
  }

  #stopped(): boolean {
    return this.#hooks.signal?.aborted === true || this.#failure !== undefined
  }

  #emit(event: LoadEvent): void {
    this.#hooks.onEvent?.(event)
  }
}
