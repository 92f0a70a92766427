import type { Alert, AlertDetail, alertsAnswer, alertsQuery, DeliverySummary, Rule, RuleDocument } from '@pulse/contract'
import type { z } from 'zod'
import { type Clock, type Database, emit, inTenant, record } from '#platform'
import type { Act } from '#registry'
import { type AlertCursor, countAlerts, countOpenings, selectAlert, selectAlerts, selectSteps } from './alert-rows.ts'
import type { RuleBook } from './book.ts'
import { compileRule } from './compile-rule.ts'
import { refuse } from './errors.ts'
import { plotOf } from './plot.ts'
import { insertVersion, lockRule, selectDocument, selectRules } from './rule-rows.ts'
import type { AcknowledgeArgs, AcknowledgeResult } from './stage.ts'

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

type AlertsQuery = z.infer<typeof alertsQuery>
type AlertsAnswer = z.infer<typeof alertsAnswer>

/** Rules and alerts of a tenant: what people ask of them. */
export interface Rules {
  rules(tenant: number): Promise<readonly Rule[]>
  /** @throws `rules.unknown-rule` */
  rule(tenant: number, key: string): Promise<Rule>
  /**
   * Puts a rule in use, as a new version; a document that is in use already changes nothing.
   * Alerts that are open stay open, until the new version clears them or stops watching the device.
   * @throws `rules.bad-rule`
   */
  putRule(act: Act, document: RuleDocument): Promise<Rule>
  /** Newest first. The counts are of the whole tenant, whatever the query; a day begins at midnight UTC. */
  alerts(tenant: number, query: AlertsQuery): Promise<AlertsAnswer>
  /** @throws `rules.unknown-alert` */
  alert(tenant: number, id: string): Promise<Alert>
  /** An alert with its story. @throws `rules.unknown-alert` */
  detail(tenant: number, id: string): Promise<AlertDetail>
  /**
   * Says that somebody looks after an alert; doing so twice changes nothing.
   * @throws `rules.unknown-alert`, `rules.not-open` when it has cleared
   */
  acknowledge(act: Act, id: string, by: string): Promise<Alert>
}

const DAY_MS = 86_400_000
const STORY_DAYS = 90

export function createRules(deps: RulesDeps): Rules {
  const { app, clock } = deps

  async function alert(tenant: number, id: string): Promise<Alert> {
    const { deviceId: _, ...found } = await stored(tenant, id)
    return found
  }

  async function stored(tenant: number, id: string) {
    const found = await inTenant(app, tenant, (sql) => selectAlert(sql, id))
    if (!found) throw refuse.unknownAlert()
    return found
  }

  return {
    alert,
    rules: (tenant) => inTenant(app, tenant, (sql) => selectRules(sql)),
    rule: (tenant, key) => inTenant(app, tenant, (sql) => selectRules(sql, key)).then(known),
    putRule: (act, document) => putRule(deps, act, document),
    async alerts(tenant, query) {
      const after = query.cursor === undefined ? undefined : readCursor(query.cursor)
      const now = clock.now()
      const [found, counts] = await inTenant(app, tenant, (sql) =>
        Promise.all([
          selectAlerts(sql, { ...query, limit: query.limit + 1 }, after),
          countAlerts(sql, now - (now % DAY_MS)),
        ]),
      )
      const items = found.slice(0, query.limit)
      const last = items.at(-1)
      if (found.length <= query.limit || !last) return { items, counts }
      return { items, counts, next: writeCursor({ openedAt: Date.parse(last.openedAt), id: last.id }) }
    },
    async detail(tenant, id) {
      const { deviceId, ...found } = await stored(tenant, id)
      const since = clock.now() - STORY_DAYS * DAY_MS
      const [[trace, timesIn90Days, document], deliveries] = await Promise.all([
        inTenant(app, tenant, (sql) =>
          Promise.all([
            selectSteps(sql, id),
            countOpenings(sql, { ...found, deviceId }, since),
            selectDocument(sql, found.rule, found.ruleVersion),
          ]),
        ),
        deps.deliveriesOf(tenant, id),
      ])
      const plot = document ? plotOf(compileRule(tenant, found.ruleVersion, document).rule) : null
      return { ...found, trace, deliveries: [...deliveries], plot, timesIn90Days }
    },
    async acknowledge(act, id, by) {
      const found = await stored(act.tenant, id)
      if (found.state === 'cleared') throw refuse.notOpen()
      const { actor, requestId, address } = act
      const args: AcknowledgeArgs = { alert: id, by, actor, requestId, address }
      const result = (await deps.submit({
        deviceId: found.deviceId,
        name: 'rules.acknowledge',
        args: { ...args },
      })) as AcknowledgeResult
      if (result === 'not-open') throw refuse.notOpen()
      return alert(act.tenant, id)
    },
  }
}

function known([rule]: readonly Rule[]): Rule {
  if (!rule) throw refuse.unknownRule()
  return rule
}

async function putRule({ app, clock, book }: RulesDeps, act: Act, document: RuleDocument): Promise<Rule> {
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
    await emit(sql, [{ type: 'rules.rule-changed', tenant: act.tenant, subject: `rule:${key}`, data }], now)
    return { rule: known(await selectRules(sql, key)), changed: true }
  })
  if (changed) book.put(compileRule(act.tenant, rule.version, rule.document))
  return rule
}

/** Both were read by one schema, so their fields stand in one order. */
const same = (one: RuleDocument, other: RuleDocument): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

const writeCursor = ({ openedAt, id }: AlertCursor): string =>
  Buffer.from(`${openedAt}.${id}`).toString('base64url')

/** A cursor that cannot be read begins at the beginning. */
function readCursor(text: string): AlertCursor | undefined {
  const [openedAt, id] = Buffer.from(text, 'base64url').toString().split('.')
  return id === undefined || !/^\d{1,15}$/.test(openedAt ?? '')
    ? undefined
    : { openedAt: Number(openedAt), id }
}
