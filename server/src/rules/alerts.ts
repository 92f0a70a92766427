import type { Alert, AlertDetail, alertsAnswer, alertsQuery } from '@pulse/contract'
import type { z } from 'zod'
import { inTenant } from '#platform'
import type { Act } from '#registry'
import {
  type AlertCursor,
  countAlerts,
  countOpenings,
  selectAlert,
  selectAlerts,
  selectSteps,
} from './alert-rows.ts'
import { compileRule } from './compile-rule.ts'
import { refuse } from './errors.ts'
import { plotOf } from './plot.ts'
import { selectDocument } from './rule-rows.ts'
import type { RulesDeps } from './rules.ts'
import type { AcknowledgeArgs, AcknowledgeResult } from './stage-deps.ts'

type AlertsQuery = z.infer<typeof alertsQuery>
type AlertsAnswer = z.infer<typeof alertsAnswer>

/** Alerts of a tenant: what people ask of them. */
export interface Alerts {
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

export const createAlerts = (deps: RulesDeps): Alerts => ({
  alerts: (tenant, query) => listAlerts(deps, tenant, query),
  alert: (tenant, id) => stored(deps, tenant, id).then(({ deviceId: _, ...alert }) => alert),
  detail: (tenant, id) => detail(deps, tenant, id),
  acknowledge: (act, id, by) => acknowledge(deps, act, id, by),
})

async function stored({ app }: RulesDeps, tenant: number, id: string) {
  const found = await inTenant(app, tenant, (sql) => selectAlert(sql, id))
  if (!found) throw refuse.unknownAlert()
  return found
}

async function listAlerts(
  { app, clock }: RulesDeps,
  tenant: number,
  query: AlertsQuery,
): Promise<AlertsAnswer> {
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
}

async function detail(deps: RulesDeps, tenant: number, id: string): Promise<AlertDetail> {
  const { deviceId, ...found } = await stored(deps, tenant, id)
  const since = deps.clock.now() - STORY_DAYS * DAY_MS
  const [[trace, timesIn90Days, document], deliveries] = await Promise.all([
    inTenant(deps.app, tenant, (sql) =>
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
}

async function acknowledge(deps: RulesDeps, act: Act, id: string, by: string): Promise<Alert> {
  const found = await stored(deps, act.tenant, id)
  if (found.state === 'cleared') throw refuse.notOpen()
  const { actor, requestId, address } = act
  const args: AcknowledgeArgs = { alert: id, by, actor, requestId, address }
  const command = { deviceId: found.deviceId, name: 'rules.acknowledge', args: { ...args } }
  const result = (await deps.submit(command)) as AcknowledgeResult
  if (result === 'not-open') throw refuse.notOpen()
  const { deviceId: _, ...acknowledged } = await stored(deps, act.tenant, id)
  return acknowledged
}

const writeCursor = ({ openedAt, id }: AlertCursor): string =>
  Buffer.from(`${openedAt}.${id}`).toString('base64url')

/** A cursor that cannot be read begins at the beginning. */
function readCursor(text: string): AlertCursor | undefined {
  const [openedAt, id] = Buffer.from(text, 'base64url').toString().split('.')
  return id === undefined || !/^\d{1,15}$/.test(openedAt ?? '')
    ? undefined
    : { openedAt: Number(openedAt), id }
}
