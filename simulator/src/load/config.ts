import { readFileSync } from 'node:fs'
import type { Percentiles } from './histogram.ts'

/** A device that the generator plays, with the token that it signs in with. */
export interface LoadDevice {
  readonly tenant: string
  readonly key: string
  readonly token: string
}

/**
 * - closed: each connection keeps up to `window` messages unacknowledged, as fast as that goes.
 * - open: `perSecond` messages over all devices, evenly spread. A message that cannot leave in time
 *   waits, and its latency counts from when it was due: no coordinated omission.
 * - idle: connects and holds.
 */
export type LoadMode =
  | { readonly kind: 'closed'; readonly window: number }
  | { readonly kind: 'open'; readonly perSecond: number }
  | { readonly kind: 'idle' }

/** Every n-th message of a device bears this value, so that a rule opens; the next one is normal. */
export interface Hot {
  readonly everyNth: number
  readonly metric: string
  readonly value: number | boolean | string
  /** Only the first so many devices; all when left out. */
  readonly devices?: number
}

export interface LoadConfig {
  readonly host: string
  readonly port: number
  readonly tls?: { readonly ca?: string; readonly servername?: string; readonly insecure?: boolean }
  readonly devices?: readonly LoadDevice[]
  /** Instead of `devices`: a JSON file that holds such an array. */
  readonly devicesFile?: string
  /** Beginning of every message id: `<run>-<device>-<n>`, n from 1; give each run another. */
  readonly run: string
  /** MQTT 5 (default) hears of refusals in PUBACK; 3.1.1 does not. */
  readonly protocol?: 4 | 5
  readonly mode: LoadMode
  /** How long messages are sent, warm-up included. */
  readonly seconds: number
  /** The first seconds, which neither rate nor latency nor CPU count. Default 0. */
  readonly warmupSeconds?: number
  /** How long to wait for the last acknowledgements. Default 30. */
  readonly drainSeconds?: number
  /**
   * File to which each acknowledged id is appended and flushed, in batches of about 20 ms, before
   * it counts as acknowledged.
   */
  readonly ledger?: string
  /** After a lost connection: keep the session and resend what is unacknowledged, as it was. */
  readonly redeliver: boolean
  /** Default 2,000. */
  readonly connectPerSecond?: number
  /** Send nothing until all are connected (default), or let each begin at once. */
  readonly barrier?: boolean
  readonly hot?: Hot
  /** Added to every timestamp, such as to carry a run across midnight; milliseconds. */
  readonly tsOffsetMs?: number
  /** Seconds, 0 (default) for none. */
  readonly keepAliveS?: number
  /** File for which numbers of which device were acknowledged: a {@link LoadNumbers}. */
  readonly resultFile?: string
}

/** The numbers of each device's messages by what became of them, as `[from, to, from, to, …]`. */
export interface LoadNumbers {
  readonly run: string
  readonly devices: readonly {
    readonly tenant: string
    readonly key: string
    /** Highest number sent. */
    readonly sent: number
    readonly acked: readonly number[]
    readonly refused: readonly number[]
    readonly unacknowledged: readonly number[]
  }[]
}

/** What a run did. Rate, latency and CPU are of the time after the warm-up until sending stopped. */
export interface LoadResult {
  readonly run: string
  readonly mode: LoadMode['kind']
  /** Messages in flight at most, over all connections. */
  readonly window: number
  readonly connections: number
  readonly connectSeconds: number
  readonly seconds: number
  readonly sent: number
  readonly acked: number
  readonly ackedPerSecond: number
  readonly refused: number
  /** Count per MQTT 5 reason code, in decimal. */
  readonly refusals: Readonly<Record<string, number>>
  /** In flight when a connection was lost that does not redeliver. */
  readonly abandoned: number
  /** Still without an acknowledgement at the end. */
  readonly unacknowledged: number
  readonly redelivered: number
  readonly reconnects: number
  /** Publish (open loop: when due) until PUBACK. */
  readonly ackMs: Percentiles
  /** Open loop: how late messages left, which is the generator's own share. */
  readonly lateMs: Percentiles
  readonly cpu: {
    readonly userMs: number
    readonly systemMs: number
    readonly microsecondsPerMessage: number
  }
}

/** Reads the devices that a config names. @throws Error when a message id would be too long. */
export function devicesOf(config: LoadConfig): readonly LoadDevice[] {
  const devices =
    config.devices ??
    (JSON.parse(readFileSync(config.devicesFile ?? '', 'utf8')) as readonly LoadDevice[])
  for (const device of devices) {
    const longest = `${config.run}-${device.key}-`.length + 10
    if (longest > 64) throw new Error(`ids of device ${device.key} would exceed 64 characters`)
  }
  return devices
}
