/** The simulator: a demo fleet over real MQTT, a load generator, and a receiver of webhooks. */
export type { LoadConfig, LoadDevice, LoadNumbers, LoadResult } from './load/config.ts'
export { type LoadEvent, type LoadHooks, runLoad } from './load/load.ts'
export { isHot } from './load/metrics.ts'
export { messageId } from './load/packets.ts'
export { numbersOf } from './load/ranges.ts'
export { type Receiver, type ReceiverOptions, startReceiver } from './receiver.ts'
