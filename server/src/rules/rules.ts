import { type DeliverySummary, type Rule, type RuleDocument, ruleDocument } from '@pulse/contract'
import { type Clock, type Database, emit, inTenant, record } from '#platform'
import type { Act } from '#registry'
import { type Alerts, createAlerts } from './alerts.ts'
import type { RuleBook } from './book.ts'
import { compileRule } from './compile-rule.ts'
import { refuse } from './errors.ts'
import { insertVersion, lockRule, selectRules } from './rule-rows.ts'

export interface RulesDeps {
  /** Pool of `pulse_app`. */
  readonly app: Database
  readonly clock: Clock
  readonly book: RuleBook
  /**
   * Sends a command of a device through the log and gives its result after the commit.
   * Rejects with `platform.unavailable` when the pipeline is away.
   */
  readonly submit: (command: {
    readonly deviceId: number
    readonly name: string
    readonly args: Readonly<Record<string, unknown>>
  }) => Promise<unknown>
  /** What went out for an alert, oldest first; Actions knows. */
  readonly deliveriesOf: (tenant: number, alert: string) => Promise<readonly DeliverySummary[]>
}

/** Rules and alerts of a tenant: what people ask of them. */
export interface Rules extends Alerts {
  rules(tenant: number): Promise<readonly Rule[]>
  /** @throws `rules.unknown-rule` */
  rule(tenant: number, key: string): Promise<Rule>
  /**
   * Puts a rule in use, as a new version; a document that is in use already changes nothing.
   * Alerts that are open stay open, until the new version clears them or stops watching the device.
   * @throws `rules.bad-rule`
   */
  putRule(act: Act, document: RuleDocument): Promise<Rule>
}

export function createRules(deps: RulesDeps): Rules {
  const { app } = deps
  return {
    ...createAlerts(deps),
    rules: (tenant) => inTenant(app, tenant, (sql) => selectRules(sql)),
    rule: (tenant, key) => inTenant(app, tenant, (sql) => selectRules(sql, key)).then(known),
    putRule: (act, document) => putRule(deps, act, document),
  }
}

function known([rule]: readonly Rule[]): Rule {
  if (!rule) throw refuse.unknownRule()
  return rule
}

async function putRule(
  { app, clock, book }: RulesDeps,
  act: Act,
  given: RuleDocument,
): Promise<Rule> {
  // Read by the schema, as what is stored is: fields stand in one order, and defaults are there.
  const document = ruleDocument.parse(given)
  const { key } = document
  // Checked before anything is locked; the version is not known yet.
  compileRule(act.tenant, 1, document)
  const now = clock.now()
  const { rule, changed } = await inTenant(app, act.tenant, async (sql) => {
    await lockRule(sql, key)
    const [before] = await selectRules(sql, key)
    if (before && same(before.document, document)) return { rule: before, changed: false }
    const version = (before?.version ?? 0) + 1
    await insertVersion(sql, document, version, now)
    await record(sql, {
      ...act,
      action: 'rules.rule-changed',
      subject: `rule:${key}`,
      before: before?.document,
      after: document,
    })
    const data = { rule: key, version }
    await emit(
      sql,
      [{ type: 'rules.rule-changed', tenant: act.tenant, subject: `rule:${key}`, data }],
      now,
    )
    return { rule: known(await selectRules(sql, key)), changed: true }
  })
  if (changed) book.put(compileRule(act.tenant, rule.version, rule.document))
  return rule
}

/** Both were read by one schema, so their fields stand in one order. */
const same = (one: RuleDocument, other: RuleDocument): boolean =>
  JSON.stringify(one) === JSON.stringify(other)
