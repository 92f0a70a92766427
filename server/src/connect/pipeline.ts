import type { Clock, Database, Log } from '#platform'
import type { Batch, Item } from './items.ts'
import { Lane } from './lane.ts'
import { qos2Stage } from './qos2-stage.ts'
import type { StageFactory } from './stage.ts'

export interface PipelineDeps {
  readonly lanes: number
  /** Opens a pool of one connection as `pulse_pipeline`. */
  readonly open: (name: string, onClose: () => void) => Database
  /** Stream, State, Rules, Actions. */
  readonly stages: readonly StageFactory[]
  readonly clock: Clock
  readonly log: Log
  readonly onPoison: (item: Item, detail: string) => void
}

/** The lanes, and the way of an item to its own. */
export interface Pipeline {
  /** Restores all lanes, runs `between`, and lets them work. */
  start(between: () => Promise<void>): Promise<void>
  submit(item: Item): void
  /** True while any lane is full. */
  readonly congested: boolean
  onDrain(listener: () => void): void
  /** Calls `listener` after each commit; it must be quick and must not throw. */
  onCommit(listener: (batch: Batch) => void): void
  readonly stats: () => { readonly queuedRows: number; readonly lanes: readonly Lane['stats'][] }
  close(): Promise<void>
}

export function createPipeline(deps: PipelineDeps): Pipeline {
  const drained: (() => void)[] = []
  const committed: ((batch: Batch) => void)[] = []
  const factories: readonly StageFactory[] = [async () => qos2Stage, ...deps.stages]
  const lanes = Array.from(
    { length: deps.lanes },
    (_, index) =>
      new Lane({
        index,
        owns: (deviceId) => deviceId % deps.lanes === index,
        open: (onClose) => deps.open(`pulse lane ${index}`, onClose),
        factories,
        clock: deps.clock,
        log: deps.log,
        onCommit: (batch) => {
          for (const listener of committed) listener(batch)
        },
        onDrain: () => {
          for (const listener of drained) listener()
        },
        onPoison: deps.onPoison,
      }),
  )
  return {
    async start(between) {
      await Promise.all(lanes.map((lane) => lane.restore()))
      await between()
      for (const lane of lanes) lane.begin()
    },
    submit(item) {
      ;(lanes[item.device.id % deps.lanes] as Lane).submit(item)
    },
    get congested() {
      return lanes.some((lane) => lane.full)
    },
    onDrain: (listener) => void drained.push(listener),
    onCommit: (listener) => void committed.push(listener),
    stats: () => ({
      queuedRows: lanes.reduce((sum, lane) => sum + lane.queuedRows, 0),
      lanes: lanes.map((lane) => lane.stats),
    }),
    async close() {
      await Promise.all(lanes.map((lane) => lane.close()))
    },
  }
}
