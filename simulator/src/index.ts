/** The simulator: a demo fleet over real MQTT, a load generator, and a receiver of webhooks. */
import { fileURLToPath } from 'node:url'

export { type Clock, systemClock } from './fleet/clock.ts'
export type { FleetDevice } from './fleet/device.ts'
export { type Fleet, type FleetOptions, startFleet } from './fleet/fleet.ts'
export type { FleetLog } from './fleet/outbox.ts'
export { demoFleet, type FleetPlan, type PlannedDevice } from './fleet/plan.ts'
export type {
  Hot,
  LoadConfig,
  LoadDevice,
  LoadMode,
  LoadNumbers,
  LoadResult,
} from './load/config.ts'
export { type LoadEvent, type LoadHooks, runLoad } from './load/load.ts'
export { isHot } from './load/metrics.ts'
export { messageId } from './load/packets.ts'
export { numbersOf } from './load/ranges.ts'
export {
  type Arrival,
  type Receiver,
  type ReceiverOptions,
  type ReceiverSummary,
  startReceiver,
} from './receiver.ts'

/** The load generator as a program of its own: a JSON config in, JSON lines out. */
export const loadProgram: string = fileURLToPath(new URL('./load/main.ts', import.meta.url))
