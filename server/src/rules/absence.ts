import {
  type AbsenceRule,
  type EngineInput,
  IDLE,
  type MessageInput,
  type RuleState,
  type Silence,
  type StepResult,
  unchanged,
} from './machine.ts'
import { clockTime, duration } from './words.ts'

type TimedInput = Extract<EngineInput, { kind: 'message' | 'timer' }>

/**
 * One input of an absence rule. The deadline comes with the input, since it follows from the last
 * message; a device that was never heard has none. A message past it opens and clears at once.
 */
export function stepAbsence(rule: AbsenceRule, given: RuleState, input: TimedInput): StepResult {
  // Left behind by an older version of the rule, of another kind.
  const state = given.phase === 'pending' ? IDLE : given
  const now = input.kind === 'timer' ? input.at : input.heardAt
  const opened = overdue(state, input.silence, now) ? open(rule, input.silence) : unchanged(state)
  if (input.kind === 'timer' || !ends(rule, input) || opened.state.phase === 'idle') return opened
  const cleared = clear(rule, opened.state, input)
  return {
    state: cleared.state,
    outputs: [...opened.outputs, ...cleared.outputs],
    trace: [...opened.trace, ...cleared.trace],
  }
}

/** True when this message is what the rule waits for. */
export const ends = (rule: AbsenceRule, input: Pick<MessageInput, 'metrics'>): boolean =>
  rule.metric === undefined ||
  (input.metrics !== undefined && Object.hasOwn(input.metrics, rule.metric))

const overdue = (state: RuleState, silence: Silence | undefined, now: number): silence is Silence =>
  state.phase === 'idle' && silence !== undefined && now >= silence.deadlineAt

const awaited = (rule: AbsenceRule): string =>
  rule.metric === undefined ? 'message' : `value of ${rule.metric}`

function open(rule: AbsenceRule, { heardAt, deadlineAt }: Silence): StepResult {
  const grace =
    deadlineAt === heardAt + rule.forMs ? '' : ', not counting the time that Pulse was away'
  const last = clockTime(heardAt, deadlineAt)
  const reason = `No ${awaited(rule)} for ${duration(rule.forMs)}${grace}; the last came at ${last}`
  return {
    state: { ...IDLE, phase: 'open', since: deadlineAt },
    outputs: [{ kind: 'opened', at: deadlineAt, reason, values: {} }],
    trace: [
      {
        at: new Date(deadlineAt).toISOString(),
        trigger: 'timer',
        from: 'idle',
        to: 'open',
        text: reason,
        values: {},
      },
    ],
  }
}

function clear(rule: AbsenceRule, state: RuleState, input: MessageInput): StepResult {
  const at = Math.max(state.since, input.heardAt)
  const reason = `A ${awaited(rule)} came at ${clockTime(at)}`
  return {
    state: IDLE,
    outputs: [{ kind: 'cleared', at, reason }],
    trace: [
      {
        at: new Date(at).toISOString(),
        trigger: 'message',
        from: state.phase,
        to: 'idle',
        text: reason,
        values: {},
      },
    ],
  }
}
