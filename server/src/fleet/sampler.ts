import { type Clock, every, type Log, type PipelineSql } from '#platform'
import type { Registry } from '#registry'
import { type HistorySample, insertHistory, pruneHistory } from './history-rows.ts'
import type { FleetSources, TrafficCount } from './sources.ts'

const SAMPLE_MS = 60_000
const KEEP_MS = 8 * 86_400_000
const PRUNE_MS = 3_600_000

export interface SamplerDeps {
  /** Pool of `pulse_pipeline`: the sample is of every tenant. */
  readonly pipeline: PipelineSql
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly sources: FleetSources
}

export interface Sampler {
  /** Takes one sample now. */
  sample(): Promise<void>
  stop(): Promise<void>
}

/** Writes a row of history per tenant each minute, and drops what is older than eight days. */
export function startSampler(deps: SamplerDeps): Sampler {
  const { pipeline, clock, registry, sources } = deps
  const before = new Map<number, TrafficCount>()
  let sampledAt = clock.now()
  let prunedAt = 0

  async function sample(): Promise<void> {
    const nowMs = clock.now()
    const sinceMs = sampledAt
    const seconds = (nowMs - sinceMs) / 1000
    if (seconds <= 0) return
    const counts = await registry.search.tenantCounts()
    const samples: HistorySample[] = []
    const traffics = new Map<number, TrafficCount>()
    for (const { tenant, ...devices } of counts) {
      const traffic = sources.traffic(tenant)
      const known = before.get(tenant) ?? { messages: 0, refused: 0 }
      const { settled, succeeded } = await sources.deliveryStats(tenant, sinceMs)
      traffics.set(tenant, traffic)
      samples.push({
        tenant,
        seconds,
        ...devices,
        messages: traffic.messages - known.messages,
        refused: traffic.refused - known.refused,
        settled,
        succeeded,
      })
    }
    await insertHistory(pipeline, samples, nowMs)
    // Only now: what a failed sample counted belongs to the next one.
    sampledAt = nowMs
    for (const [tenant, traffic] of traffics) before.set(tenant, traffic)
    if (nowMs - prunedAt >= PRUNE_MS) {
      prunedAt = nowMs
      await pruneHistory(pipeline, nowMs - KEEP_MS)
    }
  }

  const loop = every(clock, SAMPLE_MS, sample, (error) =>
    deps.log.warn({ err: error }, 'the history of the fleet lacks a sample'),
  )
  return { sample, stop: loop.stop }
}
