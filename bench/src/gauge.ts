import { cpuSecondsOf, cpuSecondsOfAll, postmasterOf } from './processes.ts'
import type { PipelineStats, Server } from './server.ts'

/** CPU seconds and the pipeline's own counts at one moment. */
export interface Reading {
  readonly server: number
  readonly postgres: number
  readonly lanes: PipelineStats['lanes'][number]
}

/** Microseconds per message; the stages of the pipeline are of the server's main thread. */
export interface Cost {
  readonly server: number
  readonly postgres: number
  /** In `plan` of all stages. */
  readonly plan: number
  /** In `apply` of all stages and in settling, which writes the acknowledgements. */
  readonly apply: number
  /** Waited for `load`, all lanes together: no CPU of the server. */
  readonly loadWait: number
  /** Waited for write and commit, all lanes together. */
  readonly writeWait: number
  readonly rowsPerBatch: number
}

/** Reads the clocks of a server on `folder` and of its PostgreSQL. */
export async function readGauge(server: Server, folder: string): Promise<Reading> {
  const stats = await server.stats()
  const [first, ...others] = stats.lanes
  if (!first) throw new Error('a server has lanes')
  const lanes = { ...first }
  for (const lane of others) {
    for (const name of Object.keys(lane) as (keyof typeof lane)[]) lanes[name] += lane[name]
  }
  return {
    server: cpuSecondsOf(server.pid),
    postgres: cpuSecondsOfAll(postmasterOf(folder) ?? 0),
    lanes,
  }
}

/** What a message cost between two readings. */
export function costBetween(before: Reading, after: Reading): Cost {
  const rows = Math.max(1, after.lanes.rows - before.lanes.rows)
  const perRow = (name: 'planMs' | 'applyMs' | 'loadMs' | 'writeMs') =>
    ((after.lanes[name] - before.lanes[name]) * 1000) / rows
  return {
    server: ((after.server - before.server) * 1e6) / rows,
    postgres: ((after.postgres - before.postgres) * 1e6) / rows,
    plan: perRow('planMs'),
    apply: perRow('applyMs'),
    loadWait: perRow('loadMs'),
    writeWait: perRow('writeMs'),
    rowsPerBatch: rows / Math.max(1, after.lanes.batches - before.lanes.batches),
  }
}
