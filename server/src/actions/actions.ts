import { randomUUID } from 'node:crypto'
import type {
  DeliveryDetail,
  DeliverySummary,
  Destination,
  deliveriesAnswer,
  deliveriesQuery,
} from '@pulse/contract'
import type { z } from 'zod'
import type { StageFactory } from '#connect'
import {
  type Clock,
  type Database,
  type Log,
  newId,
  type SealedColumn,
  type Vault,
} from '#platform'
import type { Act } from '#registry'
import { attemptsOf, DEFAULT_RETRIES, type RetryPlan } from './backoff.ts'
import {
  deliveriesBetween,
  deliveriesOf,
  listDeliveries,
  type Range,
  readDelivery,
  replayDelivery,
} from './deliveries.ts'
import {
  type DestinationDraft,
  listDestinations,
  type PutDestination,
  putDestination,
  readDestination,
} from './destinations.ts'
import { type DeliveryFigures, readFigures, readHistory } from './figures.ts'
import type { Resolve } from './lookup.ts'
import { createSender } from './sender.ts'
import { actionsStage } from './stage.ts'
import { Worker } from './worker.ts'

export interface ActionsDeps {
  /** A pool as `pulse_app`. */
  readonly app: Database
  /** A pool as `pulse_pipeline`, for the worker; two connections are enough. */
  readonly pipeline: Database
  readonly vault: Vault
  readonly clock: Clock
  readonly log: Log
  /** Keys of the destinations that hear of a rule's alerts. */
  readonly destinationsOf: (tenant: number, rule: string) => readonly string[]
  /** True when no other process can be sending: what it finds leased was leased by the dead. */
  readonly alone: boolean
  readonly retries?: RetryPlan
  readonly random?: () => number
  readonly resolve?: Resolve
  readonly newDeliveryId?: (atMs: number) => string
}

/** Where secrets of destinations lie. */
export const actionsSealed: readonly SealedColumn[] = [
  { table: 'actions.destination', column: 'sealed', key: ['tenant', 'key'], clear: 'secret' },
]

/** Destinations, and deliveries from the commit of their alert to their end. */
export interface Actions {
  readonly stage: StageFactory
  /** Begins to send. */
  start(): Promise<void>
  stop(): Promise<void>
  destinations(tenant: number): Promise<readonly Destination[]>
  destination(tenant: number, key: string): Promise<Destination>
  putDestination(act: Act, draft: DestinationDraft): Promise<PutDestination>
  deliveries(
    tenant: number,
    query: z.infer<typeof deliveriesQuery>,
  ): Promise<z.infer<typeof deliveriesAnswer>>
  delivery(tenant: number, id: string): Promise<DeliveryDetail>
  replay(act: Act, id: string): Promise<DeliverySummary>
  deliveriesOf(tenant: number, alert: string): Promise<DeliverySummary[]>
  deliveriesBetween(tenant: number, device: string, range: Range): Promise<DeliverySummary[]>
  figures(tenant: number, range: Range): Promise<DeliveryFigures>
  history(tenant: number, range: Range, buckets: number): Promise<readonly number[]>
  /**
   * Calls `listener` after each commit that queued a delivery or changed its state; it must be
   * quick and must not throw.
   */
  onChange(listener: ChangeListener): void
}
export type ChangeListener = (tenant: number, summary: DeliverySummary) => void

export function createActions(deps: ActionsDeps): Actions {
  const { app, clock } = deps
  const listeners: ChangeListener[] = []
  const tell = (
    changes: readonly { readonly tenant: number; readonly summary: DeliverySummary }[],
  ) => {
    for (const { tenant, summary } of changes)
      for (const listener of listeners) listener(tenant, summary)
  }
  const retries = deps.retries ?? DEFAULT_RETRIES
  const attempts = attemptsOf(retries)
  const worker = createWorker(deps, retries, tell)
  const stage = actionsStage({
    destinationsOf: deps.destinationsOf,
    newDeliveryId: deps.newDeliveryId ?? ((atMs) => newId('dl', atMs)),
    attemptsAllowed: attempts,
    onQueued(queued) {
      worker.poke()
      tell(queued)
    },
  })
  return {
    stage,
    start: () => worker.start(),
    stop: () => worker.stop(),
    destinations: (tenant) => listDestinations(app, tenant),
    destination: (tenant, key) => readDestination(app, tenant, key),
    putDestination: (act, draft) => putDestination(deps, act, draft, clock.now()),
    deliveries: (tenant, query) => listDeliveries(app, tenant, query),
    delivery: (tenant, id) => readDelivery(app, tenant, id),
    async replay(act, id) {
      const summary = await replayDelivery(app, act, id, { attempts, nowMs: clock.now() })
      worker.poke()
      tell([{ tenant: act.tenant, summary }])
      return summary
    },
    deliveriesOf: (tenant, alert) => deliveriesOf(app, tenant, alert),
    deliveriesBetween: (tenant, device, range) => deliveriesBetween(app, tenant, device, range),
    figures: (tenant, range) => readFigures(app, tenant, range),
    history: (tenant, range, buckets) => readHistory(app, tenant, range, buckets),
    onChange: (listener) => void listeners.push(listener),
  }
}

const createWorker = (
  deps: ActionsDeps,
  retries: RetryPlan,
  tell: (changes: readonly Change[]) => void,
) =>
  new Worker({
    db: deps.pipeline,
    sender: createSender({ clock: deps.clock, resolve: deps.resolve }),
    vault: deps.vault,
    clock: deps.clock,
    log: deps.log,
    random: deps.random ?? Math.random,
    name: randomUUID(),
    retries,
    alone: deps.alone,
    onSettled: tell,
  })

interface Change {
  readonly tenant: number
  readonly summary: DeliverySummary
}
