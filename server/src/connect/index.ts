/** Connect: MQTT and HTTP ingress, sessions, admission, the batch pipeline, downlink, rejections. */
export type { Batch, CommandItem, Item, MessageItem, Outcome, Point, PresenceItem, TimerItem } from './items.ts'
export type { Ingress, Origin, PublishOutcome, RefusedItem } from './ingress.ts'
export type { AnyStage, LaneContext, Stage, StageFactory } from './stage.ts'
export { createAdmission } from './admission.ts'
export { httpIngest } from './http-ingest.ts'
export { createPipeline, type Pipeline } from './pipeline.ts'
export { createRejections, type Rejections } from './rejections.ts'
export { connectRoutes } from './routes.ts'
