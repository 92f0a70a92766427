import { type Clock, systemClock } from './clock.ts'
import { Device, type FleetDevice } from './device.ts'
import type { Endpoint } from './link.ts'
import type { FleetLog } from './outbox.ts'

export interface FleetOptions {
  /** The MQTT endpoint. */
  readonly endpoint: Endpoint
  readonly tenant: string
  readonly devices: readonly FleetDevice[]
  readonly clock?: Clock
  /** Says nothing when left out. */
  readonly log?: FleetLog
  /** The same seed measures the same noise. */
  readonly seed?: string
  /**
   * Whether the machine first tells the hours before the start (default). Only for a tenant that
   * has no data of it yet: its past would otherwise be told twice, each time dated otherwise.
   */
  readonly backfill?: boolean
}

export interface Fleet {
  /** Disconnects every device in good order. */
  readonly stop: () => Promise<void>
}

const TICK_MS = 250

/**
 * Starts the devices against a Pulse endpoint. They play the storyline from its beginning, and
 * never give up: what fails is logged and tried again.
 */
export function startFleet(options: FleetOptions): Fleet {
  const clock = options.clock ?? systemClock
  const around = {
    endpoint: options.endpoint,
    tenant: options.tenant,
    clock,
    log: options.log ?? { info: () => {}, warn: () => {} },
    seed: options.seed ?? 'pulse',
    startMs: clock.now(),
    backfill: options.backfill ?? true,
  }
  const devices = options.devices.map((device) => new Device(device, around))
  const stopTicks = clock.every(TICK_MS, () => {
    for (const device of devices) device.tick()
  })
  return {
    stop: async () => {
      stopTicks()
      await Promise.all(devices.map((device) => device.stop()))
    },
  }
}
