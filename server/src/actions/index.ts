/** Actions: destinations, deliveries of alerts to them, retry, dead letters. */
export { type Actions, type ActionsDeps, actionsSealed, createActions } from './actions.ts'
export type { RetryPlan } from './backoff.ts'
export type { DestinationDraft } from './destinations.ts'
export { actionsRoutes } from './routes.ts'
