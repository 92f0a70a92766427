/** Rules: conditions over what devices send, the engine that runs them, alerts and their life. */
export { createRuleBook, type RuleBook } from './book.ts'
export type { AlertPatch } from './draft.ts'
export type { Outage } from './machine.ts'
export { type AcknowledgeArgs, type AcknowledgeResult, rulesStage, type RulesStageDeps } from './stage.ts'
