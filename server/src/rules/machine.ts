import type { Severity, TraceStep } from '@pulse/contract'
import type { DeviceFacts, Metrics } from './compile.ts'
import type { Condition } from './condition.ts'

/** What the engine knows of a rule. Durations in milliseconds; 0 means at once. */
export type EngineRule = ThresholdRule | AbsenceRule
export interface ThresholdRule {
  readonly kind: 'threshold'
  readonly when: Condition
  readonly forMs: number
  readonly clear: Condition
  readonly clearForMs: number
}
export interface AbsenceRule {
  readonly kind: 'absence'
  readonly metric: string | undefined
  readonly forMs: number
}

/** A rule, ready to be run. */
export type CompiledRule = EngineRule & {
  readonly tenant: number
  readonly key: string
  readonly version: number
  readonly title: string
  readonly severity: Severity
  readonly notify: readonly string[]
}

export const phases = ['idle', 'pending', 'open', 'clearing'] as const
export type Phase = (typeof phases)[number]

/**
 * The state of one rule for one device. What changes with each message is not in it: a device
 * that behaves has the initial state, and no row.
 */
export interface RuleState {
  readonly phase: Phase
  /** The key's clock at the last transition, epoch milliseconds. */
  readonly since: number
  /** When the armed timer is due: of `pending` and `clearing`. */
  readonly dueAt: number | undefined
  /** What armed the timer of `pending`: the reason of the alert tells it. */
  readonly values: TraceStep['values'] | undefined
  readonly acknowledged: boolean
}

/** The initial state. */
export const IDLE: RuleState = Object.freeze({
  phase: 'idle',
  since: 0,
  dueAt: undefined,
  values: undefined,
  acknowledged: false,
})

/** How long a device has been silent: `absence` rules ask. */
export interface Silence {
  /** The last message before this input, epoch milliseconds. */
  readonly heardAt: number
  /** When the silence has lasted too long; see {@link deadlineOf}. */
  readonly deadlineAt: number
}

/** All that may happen to a rule and a device. Time enters here and nowhere else. */
export type EngineInput =
  | {
      readonly kind: 'message'
      /** When it was measured. The key's clock moves to it, never back. */
      readonly ts: number
      /** When Pulse received it: absence is about hearing, not about measuring. */
      readonly heardAt: number
      /** Undefined for events and status messages, which only end an absence. */
      readonly metrics: Metrics | undefined
      readonly device: DeviceFacts
      readonly silence: Silence | undefined
    }
  | { readonly kind: 'timer'; readonly at: number; readonly silence: Silence | undefined }
  | { readonly kind: 'acknowledge'; readonly at: number; readonly by: string }
  /** The rule does not watch this device any more. */
  | { readonly kind: 'unwatch'; readonly at: number }
export type MessageInput = Extract<EngineInput, { kind: 'message' }>

/** What a step says to the world. `at` is the key's clock: due times, not times of arrival. */
export type Output =
  | {
      readonly kind: 'opened'
      readonly at: number
      readonly reason: string
      readonly values: TraceStep['values']
    }
  | { readonly kind: 'cleared'; readonly at: number; readonly reason: string }
  | { readonly kind: 'acknowledged'; readonly at: number; readonly by: string }

export interface StepResult {
  readonly state: RuleState
  readonly outputs: readonly Output[]
  /** One step per transition, in order; empty when nothing changed. */
  readonly trace: readonly TraceStep[]
}

/** No outputs, no trace. */
export const nothing: readonly never[] = Object.freeze([])
const STAYS_IDLE: StepResult = Object.freeze({ state: IDLE, outputs: nothing, trace: nothing })

/** The result of an input that changes nothing. */
export const unchanged = (state: RuleState): StepResult =>
  state === IDLE ? STAYS_IDLE : { state, outputs: nothing, trace: nothing }

/** A time in which Pulse itself was away, epoch milliseconds. */
export interface Outage {
  readonly from: number
  readonly until: number
}

/**
 * When the silence of a device that was last heard at `heardAt` has lasted too long. An outage of
 * Pulse within the silence gives one whole interval of grace from its end.
 */
export function deadlineOf(forMs: number, heardAt: number, outages: readonly Outage[]): number {
  let deadlineAt = heardAt + forMs
  for (const { from, until } of outages) {
    if (until > heardAt && from < deadlineAt) deadlineAt = Math.max(deadlineAt, until + forMs)
  }
  return deadlineAt
}
