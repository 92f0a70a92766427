import { stepAbsence } from './absence.ts'
import {
  type EngineInput,
  type EngineRule,
  IDLE,
  nothing,
  type RuleState,
  type StepResult,
  unchanged,
} from './machine.ts'
import { stepThreshold } from './threshold.ts'

/**
 * Runs one input to completion: a pure function, the same inputs give the same outputs byte for
 * byte. An armed timer that is due fires before the input that is at or past it. Nothing chains:
 * the new state waits for the next input.
 */
export function step(rule: EngineRule, state: RuleState, input: EngineInput): StepResult {
  if (input.kind === 'acknowledge') return acknowledge(state, input)
  if (input.kind === 'unwatch') return unwatch(state, input.at)
  return rule.kind === 'threshold'
    ? stepThreshold(rule, state, input)
    : stepAbsence(rule, state, input)
}

function acknowledge(state: RuleState, input: { at: number; by: string }): StepResult {
  if (state.phase === 'idle' || state.phase === 'pending' || state.acknowledged)
    return unchanged(state)
  const at = Math.max(state.since, input.at)
  return {
    state: { ...state, acknowledged: true },
    outputs: [{ kind: 'acknowledged', at, by: input.by }],
    trace: [
      {
        at: new Date(at).toISOString(),
        trigger: 'command',
        from: state.phase,
        to: state.phase,
        text: `${input.by} acknowledged it`,
        values: {},
      },
    ],
  }
}

function unwatch(state: RuleState, time: number): StepResult {
  if (state.phase === 'idle') return unchanged(state)
  if (state.phase === 'pending') return { state: IDLE, outputs: nothing, trace: nothing }
  const at = Math.max(state.since, time)
  const reason = 'The rule was changed and does not watch this device any more'
  return {
    state: IDLE,
    outputs: [{ kind: 'cleared', at, reason }],
    trace: [
      {
        at: new Date(at).toISOString(),
        trigger: 'command',
        from: state.phase,
        to: 'idle',
        text: reason,
        values: {},
      },
    ],
  }
}
