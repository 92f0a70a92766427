import type { TraceStep } from '@pulse/contract'
import type { Metrics } from './compile.ts'
import {
  type EngineInput,
  IDLE,
  type MessageInput,
  type Output,
  type Phase,
  type RuleState,
  type StepResult,
  type ThresholdRule,
  unchanged,
} from './machine.ts'
import { clockTime, duration, held, withValues } from './words.ts'

type TimedInput = Extract<EngineInput, { kind: 'message' | 'timer' }>
type Measured = MessageInput & { readonly metrics: Metrics }
const measured = (input: MessageInput): input is Measured => input.metrics !== undefined

/** One input of a threshold rule: first the timer, if it is due, then the message. */
export function stepThreshold(
  rule: ThresholdRule,
  state: RuleState,
  input: TimedInput,
): StepResult {
  const now = input.kind === 'timer' ? input.at : input.ts
  const due = state.dueAt !== undefined && state.dueAt <= now
  if (!due) return input.kind === 'timer' ? unchanged(state) : evaluate(rule, state, input)
  const fired = fire(rule, state, state.dueAt)
  return input.kind === 'timer' ? fired : joined(fired, evaluate(rule, fired.state, input))
}

const joined = (first: StepResult, second: StepResult): StepResult => ({
  state: second.state,
  outputs: [...first.outputs, ...second.outputs],
  trace: [...first.trace, ...second.trace],
})

function fire(rule: ThresholdRule, state: RuleState, at: number): StepResult {
  if (state.phase === 'pending') return open(rule, state, at, 'timer')
  return clear(rule, state, { at, trigger: 'timer', values: {} })
}

function evaluate(rule: ThresholdRule, state: RuleState, input: MessageInput): StepResult {
  if (!measured(input)) return unchanged(state)
  switch (state.phase) {
    case 'idle':
      return evaluateIdle(rule, input)
    case 'pending':
      return evaluatePending(rule, state, input)
    case 'open':
      return evaluateOpen(rule, state, input)
    case 'clearing':
      return evaluateClearing(rule, state, input)
  }
}

function evaluateIdle(rule: ThresholdRule, input: Measured): StepResult {
  if (rule.when.test(input.metrics, input.device) !== true) return unchanged(IDLE)
  const at = input.ts
  const values = rule.when.values(input.metrics, input.device)
  if (rule.forMs === 0) return open(rule, { ...IDLE, since: at, values }, at, 'message')
  const dueAt = at + rule.forMs
  const text = `${held(rule.when, 0)}; the alert opens at ${clockTime(dueAt, at)} if it stays so`
  return {
    state: { phase: 'pending', since: at, dueAt, values, acknowledged: false },
    outputs: [],
    trace: [traced({ at, trigger: 'message', from: 'idle', to: 'pending', text, values })],
  }
}

function evaluatePending(rule: ThresholdRule, state: RuleState, input: Measured): StepResult {
  const holds = rule.when.test(input.metrics, input.device)
  if (holds === true) return unchanged(state)
  const ended =
    holds === false ? `${rule.when.text} became false` : rule.when.why(input.metrics, input.device)
  const at = Math.max(state.since, input.ts)
  const text = `${ended} before ${duration(rule.forMs)} had passed`
  const values = rule.when.values(input.metrics, input.device)
  return {
    state: IDLE,
    outputs: [],
    trace: [traced({ at, trigger: 'message', from: 'pending', to: 'idle', text, values })],
  }
}

function evaluateOpen(rule: ThresholdRule, state: RuleState, input: Measured): StepResult {
  if (rule.clear.test(input.metrics, input.device) !== true) return unchanged(state)
  const at = Math.max(state.since, input.ts)
  const values = rule.clear.values(input.metrics, input.device)
  if (rule.clearForMs === 0) return clear(rule, state, { at, trigger: 'message', values })
  const dueAt = at + rule.clearForMs
  const text = `${held(rule.clear, 0)}; the alert clears at ${clockTime(dueAt, at)} if it stays so`
  return {
    state: { ...state, phase: 'clearing', since: at, dueAt, values },
    outputs: [],
    trace: [traced({ at, trigger: 'message', from: 'open', to: 'clearing', text, values })],
  }
}

function evaluateClearing(rule: ThresholdRule, state: RuleState, input: Measured): StepResult {
  const holds = rule.clear.test(input.metrics, input.device)
  if (holds === true) return unchanged(state)
  const at = Math.max(state.since, input.ts)
  const ended =
    holds === false
      ? `${rule.clear.text} became false`
      : rule.clear.why(input.metrics, input.device)
  const text = `${ended} before ${duration(rule.clearForMs)} had passed; the alert stays open`
  const values = rule.clear.values(input.metrics, input.device)
  return {
    state: { ...state, phase: 'open', since: at, dueAt: undefined, values: undefined },
    outputs: [],
    trace: [traced({ at, trigger: 'message', from: 'clearing', to: 'open', text, values })],
  }
}

function open(
  rule: ThresholdRule,
  state: RuleState,
  at: number,
  trigger: TraceStep['trigger'],
): StepResult {
  const values = state.values ?? {}
  const reason = withValues(held(rule.when, rule.forMs), rule.when, values, state.since)
  const output: Output = { kind: 'opened', at, reason, values }
  return {
    state: { phase: 'open', since: at, dueAt: undefined, values: undefined, acknowledged: false },
    outputs: [output],
    trace: [traced({ at, trigger, from: state.phase, to: 'open', text: reason, values })],
  }
}

interface Clearing {
  readonly at: number
  readonly trigger: TraceStep['trigger']
  readonly values: TraceStep['values']
}

function clear(
  rule: ThresholdRule,
  state: RuleState,
  { at, trigger, values }: Clearing,
): StepResult {
  const shown = trigger === 'timer' ? (state.values ?? {}) : values
  const measuredAt = trigger === 'timer' ? state.since : at
  const reason = withValues(held(rule.clear, rule.clearForMs), rule.clear, shown, measuredAt)
  return {
    state: IDLE,
    outputs: [{ kind: 'cleared', at, reason }],
    trace: [traced({ at, trigger, from: state.phase, to: 'idle', text: reason, values: shown })],
  }
}

interface Transition extends Omit<TraceStep, 'at' | 'from' | 'to'> {
  readonly at: number
  readonly from: Phase
  readonly to: Phase
}

const traced = (transition: Transition): TraceStep => ({
  ...transition,
  at: new Date(transition.at).toISOString(),
})
