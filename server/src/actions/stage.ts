import type { DeliverySummary, EventDraft } from '@pulse/contract'
import type { Batch, Stage, StageFactory } from '#connect'
import type { PipelineSql } from '#platform'

export interface ActionsStageDeps {
  /** Keys of the destinations that hear of a rule's alerts. */
  readonly destinationsOf: (tenant: number, rule: string) => readonly string[]
  readonly newDeliveryId: (atMs: number) => string
  /** How often a delivery is tried before it dies. */
  readonly attemptsAllowed: number
  /** Called after the commit: there is work. */
  readonly onQueued: (queued: readonly Queued[]) => void
}

/** A delivery that was just committed. */
export interface Queued {
  readonly tenant: number
  readonly summary: DeliverySummary
}

interface Planned {
  readonly tenant: number
  readonly id: string
  readonly destination: string
  readonly alert: string
  readonly event: string
  readonly device: DeliverySummary['device']
  readonly title: string
  readonly body: string
  /** In the order of the facts. */
  readonly place: number
}

interface Draft {
  readonly at: number
  readonly deliveries: readonly Planned[]
  /** Names of the destinations of what was inserted, by delivery; known once it is written. */
  readonly written: Map<string, string>
}

const NOTHING: readonly Planned[] = []

/**
 * The Actions stage: alerts that open or clear become deliveries, in the transaction of the alert.
 *
 * A destination that does not exist gets its delivery too; it dies at once, with the reason, where
 * a person finds it.
 */
export const actionsStage =
  (deps: ActionsStageDeps): StageFactory =>
  async () => {
    const stage: Stage<Draft> = {
      name: 'actions',
      plan: (batch) => ({
        at: batch.at,
        deliveries: planDeliveries(deps, batch),
        written: new Map(),
      }),
      write(sql, draft) {
        if (draft.deliveries.length === 0) return []
        return [insertDeliveries(sql, deps.attemptsAllowed, draft)]
      },
      apply(draft) {
        const queued = draft.deliveries.flatMap((one) => queuedOf(draft, one))
        if (queued.length > 0) deps.onQueued(queued)
      },
    }
    return stage
  }

function planDeliveries(deps: ActionsStageDeps, batch: Batch): readonly Planned[] {
  if (batch.facts.length === 0) return NOTHING
  return batch.facts.flatMap((fact, place) => {
    if (fact.type !== 'rules.alert-opened' && fact.type !== 'rules.alert-cleared') return []
    const destinations = new Set(deps.destinationsOf(fact.tenant, fact.data.rule))
    if (destinations.size === 0) return []
    const body = bodyOf(fact, batch.at)
    return [...destinations].map((destination) => ({
      tenant: fact.tenant,
      id: deps.newDeliveryId(batch.at),
      destination,
      alert: fact.data.alert,
      event: fact.type,
      device: fact.data.device as DeliverySummary['device'],
      title: fact.data.title,
      body,
      place,
    }))
  })
}

/** The payload that Standard Webhooks recommends. */
const bodyOf = ({ type, data }: EventDraft, at: number): string =>
  JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })

/**
 * The sort keeps the order of the facts in `seq`, by which "cleared" waits for "opened". What
 * waits for a delivery that is retried is not looked at before that is due again.
 */
function insertDeliveries(
  sql: PipelineSql,
  attemptsAllowed: number,
  draft: Draft,
): Promise<unknown> {
  const at = new Date(draft.at)
  return sql<{ id: string; name: string }[]>`
    insert into actions.delivery (tenant, id, destination, alert, event, device, title, body, state,
           attempts_allowed, created_at, next_attempt_at)
    select r.tenant, r.id, r.destination, r.alert, r.event, r.device, r.title, r.body, 'queued',
           ${attemptsAllowed}::int, ${at}::timestamptz,
           greatest(${at}::timestamptz, (
             select max(e.next_attempt_at) from actions.delivery e
              where e.settled_at is null and e.tenant = r.tenant and e.destination = r.destination
                and e.alert = r.alert))
      from json_to_recordset(${JSON.stringify(draft.deliveries)}::text::json)
           as r(tenant bigint, id text, destination text collate "C", alert text collate "C", event text,
                device text, title text, body text, place int)
     order by r.place
    on conflict do nothing
    returning id, coalesce(
      (select name from actions.destination d
        where d.tenant = delivery.tenant and d.key = delivery.destination),
      delivery.destination) as name`
    .execute()
    .then((rows) => {
      for (const { id, name } of rows) draft.written.set(id, name)
    })
}

function queuedOf({ at, written }: Draft, planned: Planned): readonly Queued[] {
  const destinationName = written.get(planned.id)
  if (destinationName === undefined) return []
  const { tenant, body: _body, place: _place, ...told } = planned
  const instant = new Date(at).toISOString()
  const summary: DeliverySummary = {
    ...told,
    destinationName,
    state: 'queued',
    attempts: 0,
    createdAt: instant,
    settledAt: null,
    nextAttemptAt: instant,
    lastStatus: null,
    lastError: null,
  }
  return [{ tenant, summary }]
}
