import type { LoadConfig, LoadResult } from './config.ts'
import { createHistogram } from './histogram.ts'

/**
 * Counts of a run. Rate, latency and CPU are of the measured time only: from the end of the
 * warm-up to the end of sending.
 */
export class Tally {
  sent = 0
  acked = 0
  refused = 0
  abandoned = 0
  redelivered = 0
  reconnects = 0
  connectSeconds = 0
  readonly refusals: Record<string, number> = {}
  readonly #ackMs = createHistogram()
  readonly #lateMs = createHistogram()
  #measuring = false
  #startedAt = 0
  #seconds = 0
  #measuredAcked = 0
  #cpu: NodeJS.CpuUsage = { user: 0, system: 0 }

  /** Begins the measured time. */
  measure(): void {
    this.#measuring = true
    this.#startedAt = performance.now()
    this.#cpu = process.cpuUsage()
  }

  /** Ends it. */
  rest(): void {
    if (!this.#measuring) return
    this.#measuring = false
    this.#seconds = (performance.now() - this.#startedAt) / 1000
    this.#cpu = process.cpuUsage(this.#cpu)
  }

  countAcked(count: number): void {
    this.acked += count
    if (this.#measuring) this.#measuredAcked += count
  }

  countRefused(code: number): void {
    this.refused++
    this.refusals[code] = (this.refusals[code] ?? 0) + 1
  }

  countSent(lateMs: number): void {
    this.sent++
    if (this.#measuring) this.#lateMs.record(lateMs * 1000)
  }

  recordAck(ms: number): void {
    if (this.#measuring) this.#ackMs.record(ms * 1000)
  }

  result(config: LoadConfig, connections: number, unacknowledged: number): LoadResult {
    const { mode } = config
    const { user, system } = this.#cpu
    return {
      run: config.run,
      mode: mode.kind,
      window: mode.kind === 'closed' ? mode.window * connections : 0,
      connections,
      connectSeconds: this.connectSeconds,
      seconds: this.#seconds,
      sent: this.sent,
      acked: this.acked,
      ackedPerSecond: this.#seconds > 0 ? this.#measuredAcked / this.#seconds : 0,
      refused: this.refused,
      refusals: this.refusals,
      abandoned: this.abandoned,
      unacknowledged,
      redelivered: this.redelivered,
      reconnects: this.reconnects,
      ackMs: this.#ackMs.percentiles(),
      lateMs: this.#lateMs.percentiles(),
      cpu: {
        userMs: user / 1000,
        systemMs: system / 1000,
        microsecondsPerMessage: this.#measuredAcked > 0 ? (user + system) / this.#measuredAcked : 0,
      },
    }
  }
}
