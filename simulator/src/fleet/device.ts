import type { Clock } from './clock.ts'
import { answerCommand, commandIdOf, subscribeDown } from './commands.ts'
import { type Endpoint, type Link, openLink } from './link.ts'
import { createReplay, loadReadings, type Replay } from './machine.ts'
import { createSampler, type Metrics, type Sampler } from './models.ts'
import { type FleetLog, Outbox } from './outbox.ts'
import { createRandom, type Random } from './random.ts'
import { type Fault, faultsAt, type Mishap, mishapsBetween } from './story.ts'

/** A registered device with the token that it signs in with. */
export interface FleetDevice {
  readonly key: string
  readonly token: string
  readonly type: string
  readonly site: string
  readonly name: string
}

/** What the devices of a fleet share. */
export interface Surroundings {
  readonly endpoint: Endpoint
  readonly tenant: string
  readonly clock: Clock
  readonly log: FleetLog
  readonly seed: string
  readonly startMs: number
  readonly backfill: boolean
}

const EVERY_MS: Readonly<Record<string, number>> = {
  ups: 2000,
  rack: 4000,
  gateway: 5000,
  environment: 5000,
  meter: 3000,
  machine: 1000,
}
const DEFAULT_EVERY_MS = 5000
const HEARTBEAT_MS = 60_000
const AHEAD_MS = 6 * 3_600_000
/** After a pause a model moves on by at most this. */
const LONGEST_STEP_S = 30

/** Events that a device sends when a fault begins and ends. */
const EVENTS: ReadonlyMap<Fault, { begins: string; ends: string; severity: string }> = new Map([
  ['door-open', { begins: 'door-opened', ends: 'door-closed', severity: 'info' }],
  ['mains-out', { begins: 'mains-lost', ends: 'mains-restored', severity: 'warning' }],
  ['leak', { begins: 'leak-detected', ends: 'leak-cleared', severity: 'critical' }],
])

/** One simulated device: measures, reports, answers commands, and suffers what the story says. */
export class Device {
  readonly #plan: FleetDevice
  readonly #around: Surroundings
  readonly #random: Random
  readonly #link: Link
  readonly #outbox: Outbox
  readonly #sample: Sampler | undefined
  readonly #replay: Replay | undefined
  readonly #everyMs: number
  readonly #firmware: string
  /** Whether the past is still to be told, before anything live. */
  #past: 'untold' | 'telling' | 'told'
  #faults: ReadonlySet<Fault> = new Set()
  #tickedAt: number
  #sampledAt: number
  #nextSampleAt: number
  #nextHeartbeatAt: number
  #stopping = false

  constructor(plan: FleetDevice, around: Surroundings) {
    const { startMs } = around
    this.#plan = plan
    this.#around = around
    this.#random = createRandom(`${around.seed}/${plan.key}`)
    this.#sample = createSampler(plan.type, this.#random)
    this.#replay = plan.type === 'machine' ? createReplay(loadReadings()) : undefined
    this.#everyMs = EVERY_MS[plan.type] ?? DEFAULT_EVERY_MS
    this.#firmware = firmwareOf(plan.type, this.#random)
    this.#past = this.#replay && around.backfill ? 'untold' : 'told'
    this.#tickedAt = startMs
    this.#sampledAt = startMs
    this.#nextSampleAt = startMs + Math.floor(this.#random() * this.#everyMs)
    this.#nextHeartbeatAt = startMs + 1000 + Math.floor(this.#random() * 4000)
    this.#faults = faultsAt(plan, 0)
    this.#link = openLink({
      endpoint: around.endpoint,
      tenant: around.tenant,
      key: plan.key,
      token: plan.token,
      // Older firmware speaks 3.1.1.
      protocol: plan.type === 'rack' ? 4 : 5,
      reconnectMs: 1000 + Math.floor(this.#random() * 1000),
    })
    this.#link.setUp(!this.#isDown())
    this.#outbox = new Outbox(this.#link.client, plan.key, { log: around.log, bootMs: startMs })
    this.#listen()
  }

  /** Does what is due; to be called a few times a second. Returns at once. */
  tick(): void {
    const now = this.#around.clock.now()
    const { startMs } = this.#around
    const before = this.#faults
    this.#faults = faultsAt(this.#plan, (now - startMs) / 1000)
    this.#link.setUp(!this.#isDown())
    const mishaps = mishapsBetween(
      this.#plan,
      (this.#tickedAt - startMs) / 1000,
      (now - startMs) / 1000,
    )
    this.#tickedAt = now
    if (this.#faults.has('dark')) return
    this.#tellEvents(before, now)
    if (now >= this.#nextSampleAt) this.#measure(now)
    // A message of today would make the past too late to be evaluated.
    if (now >= this.#nextHeartbeatAt && this.#past === 'told') this.#beat(now)
    for (const mishap of mishaps) this.#suffer(mishap, now)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#link.close()
  }

  #isDown(): boolean {
    return this.#faults.has('dark') || this.#faults.has('link-down')
  }

  #listen(): void {
    const { client } = this.#link
    const { log, clock } = this.#around
    const device = this.#plan.key
    let connected = false
    let trouble = ''
    client.on('connect', ({ sessionPresent }) => {
      connected = true
      trouble = ''
      log.info({ device }, 'connected')
      if (!sessionPresent) {
        subscribeDown(client).catch((cause: unknown) =>
          log.warn({ device, reason: String(cause) }, 'could not subscribe'),
        )
      }
      this.#outbox.catchUp(clock.now())
      this.#tellPast()
    })
    client.on('close', () => {
      if (connected && !this.#stopping) log.info({ device }, 'lost its connection')
      connected = false
    })
    client.on('error', ({ message }) => {
      // Once an outage, not once an attempt.
      if (message !== trouble) log.warn({ device, reason: message }, 'cannot connect')
      trouble = message
    })
    client.on('message', (topic, payload) => this.#hear(topic, payload.toString()))
  }

  #hear(topic: string, payload: string): void {
    const id = commandIdOf(topic)
    const { log, clock } = this.#around
    if (id === undefined) {
      log.warn({ device: this.#plan.key, payload }, 'was told')
      return
    }
    const answer = answerCommand(payload, clock.now())
    log.info({ device: this.#plan.key, command: id }, 'obeys')
    void this.#outbox.raw(`~/commands/${id}/result`, JSON.stringify(answer))
  }

  /** Live readings wait until the past is told: Pulse evaluates a device's points in order. */
  #tellPast(): void {
    if (this.#past !== 'untold' || !this.#replay) return
    this.#past = 'telling'
    const { startMs, clock } = this.#around
    void this.#outbox.backfill(this.#replay.backfill(startMs), clock.now()).then(() => {
      this.#past = 'told'
    })
  }

  #measure(now: number): void {
    // From plan to plan, not from now: the rate holds although ticks come late.
    this.#nextSampleAt = Math.max(this.#nextSampleAt + this.#everyMs, now - this.#everyMs)
    const metrics = this.#metrics(now)
    this.#sampledAt = now
    if (metrics && this.#past === 'told') this.#outbox.tell({ ts: now, metrics })
  }

  #metrics(now: number): Metrics | undefined {
    if (this.#replay) return this.#replay.metricsAt(this.#around.startMs, now)
    return this.#sample?.({
      atMs: now,
      dtS: Math.min((now - this.#sampledAt) / 1000, LONGEST_STEP_S),
      faults: this.#faults,
      queued: this.#outbox.waiting,
    })
  }

  #tellEvents(before: ReadonlySet<Fault>, now: number): void {
    for (const [fault, { begins, ends, severity }] of EVENTS) {
      const has = this.#faults.has(fault)
      if (has === before.has(fault)) continue
      this.#outbox.event(now, has ? { name: begins, severity } : { name: ends, severity: 'info' })
    }
  }

  #beat(now: number): void {
    this.#nextHeartbeatAt = now + HEARTBEAT_MS
    this.#outbox.status(now, {
      firmware: this.#firmware,
      uptimeS: Math.round((now - this.#around.startMs) / 1000),
      rssiDbm: -60 - Math.floor(this.#random() * 20),
      batteryPct: 85 + Math.floor(this.#random() * 15),
    })
  }

  #suffer(mishap: Mishap, now: number): void {
    if (!this.#link.client.connected) return
    const message = {
      v: 1,
      ts: now + AHEAD_MS,
      type: 'telemetry',
      data: { metrics: { tempC: 21 } },
    }
    const text = JSON.stringify(message)
    // Cut off in the middle, as by a buffer that is too small.
    const payload = mishap === 'bad-json' ? text.slice(0, -12) : text
    void this.#outbox.raw('~/telemetry', payload)
  }
}

const FIRMWARE: Readonly<Record<string, readonly string[]>> = {
  ups: ['4.2.1', '4.2.1', '4.1.0'],
  rack: ['2.10.0', '2.9.3'],
  gateway: ['7.3.0'],
}

function firmwareOf(type: string, random: Random): string {
  const versions = FIRMWARE[type] ?? ['1.4.2']
  return versions[Math.floor(random() * versions.length)] as string
}
