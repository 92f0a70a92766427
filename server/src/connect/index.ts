/** Connect: MQTT and HTTP ingress, sessions, admission, the batch pipeline, downlink, rejections. */

export { createAdmission } from './admission.ts'
export { commandRoutes } from './command-routes.ts'
export { type Commands, createCommands } from './commands.ts'
export { createDownlink, type Downlink, type DownMessage } from './downlink.ts'
export { httpIngest } from './http-ingest.ts'
export type { Ingress, Origin, PublishOutcome, RefusedItem } from './ingress.ts'
export type {
  Batch,
  CommandItem,
  Item,
  MessageItem,
  Outcome,
  Point,
  PresenceItem,
  TimerItem,
} from './items.ts'
export { createGateway, type Gateway, type GatewayStats } from './mqtt/gateway.ts'
export { acceptWebSockets } from './mqtt/websocket.ts'
export { createPipeline, type Pipeline } from './pipeline.ts'
export { createRejections, type Rejections } from './rejections.ts'
export { connectRoutes, countRefused } from './routes.ts'
export type { AnyStage, LaneContext, Stage, StageFactory } from './stage.ts'
