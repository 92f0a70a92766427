/** Rules: conditions over what devices send, the engine that runs them, alerts and their life. */
export { createRuleBook, type RuleBook } from './book.ts'
export { rulesRoutes } from './routes.ts'
export { createRules, type Rules, type RulesDeps } from './rules.ts'
export { rulesStage } from './stage.ts'
export type { RulesStageDeps } from './stage-deps.ts'
