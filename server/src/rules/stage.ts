import type { Stage, StageFactory } from '#connect'
import type { Draft } from './draft.ts'
import { LaneMemory } from './lane-memory.ts'
import { Planner } from './planner.ts'
import { restore } from './restore.ts'
import type { RulesStageDeps } from './stage-deps.ts'
import { statements } from './statements.ts'

/** The Rules stage of the pipeline: messages, timers and acknowledgements in, alerts out. */
export function rulesStage(deps: RulesStageDeps): StageFactory {
  return async (lane) => {
    await deps.book.load(lane.sql)
    const memory = new LaneMemory(deps.book)
    await restore(lane.sql, memory, lane.owns, deps.directory)
    const planner = new Planner(deps, memory, lane)
    planner.armAll(lane.wake)
    memory.armedVersion = memory.bookVersion
    const stage: Stage<Draft> = {
      name: 'rules',
      plan: (batch) => planner.plan(batch),
      write: (sql, draft) => statements(sql, draft),
      apply: (draft) => draft.apply(),
    }
    return stage
  }
}
