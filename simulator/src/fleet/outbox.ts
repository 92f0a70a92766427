import type { MetricValue } from '@pulse/contract'
import type { MqttClient } from 'mqtt'

/** How the fleet says what happens; a pino logger fits. */
export interface FleetLog {
  readonly info: (fields: object, text: string) => void
  readonly warn: (fields: object, text: string) => void
}

interface Point {
  readonly ts: number
  readonly metrics: Readonly<Record<string, MetricValue>>
}

/** Most points of one envelope, and most readings kept while there is no connection. */
const POINTS = 1000

/** What a device wants to tell, put into envelopes with ids and sequence numbers. */
export class Outbox {
  readonly #client: MqttClient
  readonly #device: string
  readonly #log: FleetLog
  /** Tells this boot's ids from those of another one. */
  readonly #boot: string
  #kept: Point[] = []
  #seq = 0

  constructor(
    client: MqttClient,
    device: string,
    { log, bootMs }: { log: FleetLog; bootMs: number },
  ) {
    this.#client = client
    this.#device = device
    this.#log = log
    this.#boot = bootMs.toString(36)
  }

  /** How many readings wait for a connection. */
  get waiting(): number {
    return this.#kept.length
  }

  /** Sends a reading, or keeps it until there is a connection; the oldest gives way. */
  tell(point: Point): void {
    if (this.#client.connected) {
      this.#report('telemetry', point.ts, { metrics: point.metrics })
      return
    }
    this.#kept.push(point)
    if (this.#kept.length > POINTS) this.#kept.shift()
  }

  /** Sends what was kept, as one message of many points. */
  catchUp(nowMs: number): void {
    if (this.#kept.length === 0) return
    const points = this.#kept
    this.#kept = []
    this.#log.info({ device: this.#device, points: points.length }, 'catches up')
    this.#report('telemetry', nowMs, { points })
  }

  /** Sends points of the past in batches, one after the other. */
  async backfill(points: readonly Point[], nowMs: number): Promise<void> {
    for (let at = 0; at < points.length; at += POINTS) {
      await this.#send('telemetry', nowMs, { points: points.slice(at, at + POINTS) })
    }
  }

  event(nowMs: number, data: { readonly name: string; readonly severity: string }): void {
    this.#report('event', nowMs, data)
  }

  status(nowMs: number, data: Readonly<Record<string, MetricValue>>): void {
    if (this.#client.connected) this.#report('status', nowMs, data)
  }

  /** Publishes text as it is; for what is wrong on purpose, and for answers. */
  async raw(topic: string, payload: string): Promise<void> {
    try {
      await this.#client.publishAsync(topic, payload, { qos: 1 })
    } catch (cause) {
      // A device has nobody to ask: it says so and goes on.
      const reason = cause instanceof Error ? cause.message : String(cause)
      this.#log.warn({ device: this.#device, topic, reason }, 'was refused')
    }
  }

  #report(type: string, ts: number, data: object): void {
    void this.#send(type, ts, data)
  }

  #send(type: string, ts: number, data: object): Promise<void> {
    const seq = this.#seq++
    const id = `${this.#boot}-${seq}`
    return this.raw(`~/${type}`, JSON.stringify({ v: 1, id, ts, seq, type, data }))
  }
}
