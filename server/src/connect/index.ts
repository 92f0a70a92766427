/** Connect: MQTT and HTTP ingress, sessions, admission, the batch pipeline, downlink, rejections. */
export type { Batch, CommandItem, Item, MessageItem, Outcome, Point, PresenceItem, TimerItem } from './items.ts'
export type { Ingress, Origin, PublishOutcome, RefusedItem } from './ingress.ts'
export type { AnyStage, LaneContext, Stage, StageFactory } from './stage.ts'
