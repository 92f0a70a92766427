import { ruleDocument } from '@pulse/contract'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileRule } from './compile-rule.ts'
import { step } from './engine.ts'
import {
  type CompiledRule,
  deadlineOf,
  type EngineInput,
  IDLE,
  type Output,
  type RuleState,
  type StepResult,
} from './machine.ts'

const start = Date.parse('2026-11-24T16:02:00.000Z')
const second = (s: number) => start + s * 1000
const clock = (at: number) => new Date(at).toISOString().slice(11, 19)
const device = { key: 'ups-1', type: 'ups', site: null, tags: {} }

const rule = (facts: object): CompiledRule =>
  compileRule(
    1,
    1,
    ruleDocument.parse({
      pulse: 'rule/v1',
      key: 'r',
      title: 'Hot',
      severity: 'critical',
      ...facts,
    }),
  ).rule
const hot = rule({
  kind: 'threshold',
  when: 'metrics.tempC > 36',
  forS: 5,
  clear: 'metrics.tempC < 32',
})

/** `[second, value]` is a message, `[second]` a tick. Values are of `tempC`, or the metrics whole. */
type Step = readonly [s: number, value?: number | Record<string, number>]

const inputOf = ([s, value]: Step): EngineInput =>
  value === undefined
    ? { kind: 'timer', at: second(s), silence: undefined }
    : {
        kind: 'message',
        ts: second(s),
        heardAt: second(s),
        metrics: typeof value === 'number' ? { tempC: value } : value,
        device,
        silence: undefined,
      }

const steps = (...given: Step[]): EngineInput[] => given.map(inputOf)

function run(of: CompiledRule, inputs: readonly EngineInput[], from: RuleState = IDLE) {
  let state = from
  const results: StepResult[] = []
  for (const input of inputs) {
    const result = step(of, state, input)
    state = result.state
    results.push(result)
  }
  return {
    state,
    outputs: results.flatMap((result) => result.outputs),
    trace: results.flatMap((result) => result.trace),
  }
}

const said = (outputs: readonly Output[]) => outputs.map(({ kind, at }) => `${kind} ${clock(at)}`)

describe('a threshold rule', () => {
  test.each<[string, Step[], string[], string]>([
    [
      'stays idle while the condition is false',
      [
        [0, 20],
        [9, 36],
      ],
      [],
      'idle',
    ],
    ['arms at the first true input', [[0, 39]], [], 'pending'],
    [
      'does not open before the time is over',
      [
        [0, 39],
        [4.999, 39],
      ],
      [],
      'pending',
    ],
    [
      'opens by a tick at its due time, however late the tick',
      [[0, 39], [9]],
      ['opened 16:02:05'],
      'open',
    ],
    [
      'opens before the input that is at its due time',
      [
        [0, 39],
        [5, 39],
      ],
      ['opened 16:02:05'],
      'open',
    ],
    [
      'opens even when that input is false, then waits to clear',
      [
        [0, 39],
        [8, 35],
      ],
      ['opened 16:02:05'],
      'open',
    ],
    [
      'opens and clears by one input',
      [
        [0, 39],
        [8, 20],
      ],
      ['opened 16:02:05', 'cleared 16:02:08'],
      'idle',
    ],
    ['is disarmed by one false input', [[0, 39], [3, 36], [9]], [], 'idle'],
    [
      'arms anew after it was disarmed',
      [[0, 39], [3, 30], [4, 39], [8.9, 39], [9]],
      ['opened 16:02:09'],
      'open',
    ],
    ['counts a missing metric as false', [[0, 39], [3, { humidity: 1 }], [9]], [], 'idle'],
    [
      'does not clear between the two limits',
      [[0, 39], [5], [6, 33], [7, 32]],
      ['opened 16:02:05'],
      'open',
    ],
    [
      'does not clear by a missing metric',
      [[0, 39], [5], [6, { humidity: 1 }]],
      ['opened 16:02:05'],
      'open',
    ],
    [
      'opens again after it cleared',
      [[0, 39], [5], [6, 31.9], [7, 40], [12]],
      ['opened 16:02:05', 'cleared 16:02:06', 'opened 16:02:12'],
      'open',
    ],
    [
      'never moves its clock back',
      [[0, 39], [60], [3, 31]],
      ['opened 16:02:05', 'cleared 16:02:05'],
      'idle',
    ],
  ])('%s', (_, given, outputs, phase) => {
    const { state, outputs: made } = run(hot, steps(...given))
    expect(said(made)).toEqual(outputs)
    expect(state.phase).toBe(phase)
  })

  test.each<[string, object, Step[], string[]]>([
    ['opens at once without `forS`', {}, [[0, 37]], ['opened 16:02:00']],
    [
      'clears when the condition ends, without `clear`',
      {},
      [
        [0, 37],
        [1, 36],
      ],
      ['opened 16:02:00', 'cleared 16:02:01'],
    ],
    [
      'is not cleared by a missing metric, without `clear`',
      {},
      [
        [0, 37],
        [1, { x: 1 }],
      ],
      ['opened 16:02:00'],
    ],
    [
      'clears only after `clearForS`',
      { clearForS: 10 },
      [[0, 37], [1, 20], [10.9]],
      ['opened 16:02:00'],
    ],
    [
      'clears when `clearForS` has passed',
      { clearForS: 10 },
      [[0, 37], [1, 20], [30]],
      ['opened 16:02:00', 'cleared 16:02:11'],
    ],
    [
      'stays open when the clear condition breaks off, and does not open twice',
      { clearForS: 10 },
      [[0, 37], [1, 20], [5, 37], [11], [12, 20], [21, 20]],
      ['opened 16:02:00'],
    ],
    [
      'may open by the very input that lets it clear first',
      { clearForS: 10 },
      [
        [0, 37],
        [1, 20],
        [11, 40],
      ],
      ['opened 16:02:00', 'cleared 16:02:11', 'opened 16:02:11'],
    ],
  ])('%s', (_, facts, given, outputs) => {
    const simple = rule({ kind: 'threshold', when: 'metrics.tempC > 36', ...facts })
    expect(said(run(simple, steps(...given)).outputs)).toEqual(outputs)
  })

  test('ignores events and status messages', () => {
    const bare: EngineInput = { ...(inputOf([1, 0]) as object), metrics: undefined } as EngineInput
    expect(run(hot, [inputOf([0, 39]), bare]).state.phase).toBe('pending')
  })

  test('says why it opened, with the values and the time that armed it', () => {
    const { outputs } = run(hot, steps([12, 39.1], [13, 44], [20]))
    expect(outputs).toEqual([
      {
        kind: 'opened',
        at: second(17),
        reason: 'tempC stayed above 36 for 5 s (39.1 at 16:02:12Z)',
        values: { 'metrics.tempC': 39.1 },
      },
    ])
  })

  test('tells each transition with its trigger and values', () => {
    const { trace } = run(hot, steps([0, 39], [2, 30], [3, 39], [9, 20]))
    expect(
      trace.map(
        ({ at, trigger, from, to, text }) =>
          `${at.slice(17, 19)} ${trigger} ${from}→${to}: ${text}`,
      ),
    ).toEqual([
      '00 message idle→pending: tempC is above 36; the alert opens at 16:02:05Z if it stays so',
      '02 message pending→idle: metrics.tempC > 36 became false before 5 s had passed',
      '03 message idle→pending: tempC is above 36; the alert opens at 16:02:08Z if it stays so',
      '08 timer pending→open: tempC stayed above 36 for 5 s (39 at 16:02:03Z)',
      '09 message open→idle: tempC is below 32 (20 at 16:02:09Z)',
    ])
    expect(trace[1]?.values).toEqual({ 'metrics.tempC': 30 })
  })

  test('tells that a metric was missing', () => {
    const { trace } = run(hot, [inputOf([0, 39]), inputOf([1, { humidity: 3 }])])
    expect(trace.at(-1)).toMatchObject({
      text: 'metrics.tempC is missing before 5 s had passed',
      values: { 'metrics.tempC': null },
    })
  })

  test('words a condition of several parts as it is written', () => {
    const both = rule({ kind: 'threshold', when: 'metrics.tempC > 36 && metrics.load >= 0.5' })
    const [opened] = run(both, [inputOf([0, { tempC: 40, load: 0.5 }])]).outputs
    expect(opened).toMatchObject({
      reason:
        'metrics.tempC > 36 && metrics.load >= 0.5 is true (metrics.tempC = 40, metrics.load = 0.5 at 16:02:00Z)',
    })
  })

  test('is acknowledged once, and only while it is open', () => {
    const acknowledge: EngineInput = { kind: 'acknowledge', at: second(7), by: 'Ann' }
    expect(run(hot, [inputOf([0, 39]), acknowledge]).outputs).toEqual([])
    const twice = run(hot, [inputOf([0, 39]), inputOf([6]), acknowledge, acknowledge])
    expect(said(twice.outputs)).toEqual(['opened 16:02:05', 'acknowledged 16:02:07'])
    expect(twice.state).toMatchObject({ phase: 'open', acknowledged: true })
  })

  test('clears what it no longer watches', () => {
    const unwatch: EngineInput = { kind: 'unwatch', at: second(9) }
    expect(said(run(hot, [inputOf([0, 39]), inputOf([6]), unwatch]).outputs)).toEqual([
      'opened 16:02:05',
      'cleared 16:02:09',
    ])
    expect(run(hot, [inputOf([0, 39]), unwatch]).state).toBe(IDLE)
  })
})

describe('an absence rule', () => {
  const silent = rule({ kind: 'absence', forS: 60 })
  const silence = (heard: number) => ({ heardAt: second(heard), deadlineAt: second(heard + 60) })
  const tick = (at: number, heard?: number): EngineInput => ({
    kind: 'timer',
    at: second(at),
    silence: heard === undefined ? undefined : silence(heard),
  })
  const message = (at: number, heard?: number, metrics?: Record<string, number>): EngineInput => ({
    kind: 'message',
    ts: second(at),
    heardAt: second(at),
    metrics,
    device,
    silence: heard === undefined ? undefined : silence(heard),
  })

  test.each<[string, EngineInput[], string[]]>([
    ['opens at its deadline', [tick(60, 0)], ['opened 16:03:00']],
    ['opens at its deadline, however late the tick', [tick(300, 0)], ['opened 16:03:00']],
    ['does not open before', [tick(59.999, 0)], []],
    ['never opens for a device that was never heard', [tick(9999)], []],
    ['opens once', [tick(60, 0), tick(61, 0), tick(900, 0)], ['opened 16:03:00']],
    [
      'clears with the next message',
      [tick(60, 0), message(75, 0)],
      ['opened 16:03:00', 'cleared 16:03:15'],
    ],
    [
      'opens and clears by a message past its deadline',
      [message(75, 0)],
      ['opened 16:03:00', 'cleared 16:03:15'],
    ],
    ['hears a message before its deadline', [message(59, 0), tick(60, 59)], []],
  ])('%s', (_, inputs, outputs) => {
    expect(said(run(silent, inputs).outputs)).toEqual(outputs)
  })

  test('says since when', () => {
    expect(run(silent, [tick(60, 0), message(75, 0)]).outputs).toMatchObject([
      { reason: 'No message for 1 min; the last came at 16:02:00Z', values: {} },
      { reason: 'A message came at 16:03:15Z' },
    ])
  })

  test('waits for a value of its metric, whatever else comes', () => {
    const noTemp = rule({ kind: 'absence', forS: 60, metric: 'tempC' })
    const { outputs } = run(noTemp, [message(61, 0, { humidity: 1 }), message(70, 0, { tempC: 1 })])
    expect(said(outputs)).toEqual(['opened 16:03:00', 'cleared 16:03:10'])
    expect(outputs[0]).toMatchObject({
      reason: 'No value of tempC for 1 min; the last came at 16:02:00Z',
    })
  })

  test.each<[string, [number, number][], number]>([
    ['follows from the last message', [], 60],
    ['skips an outage of Pulse, with one interval of grace from its end', [[30, 100]], 160],
    ['skips an outage that was under way when it was last heard', [[-10, 5]], 65],
    ['does not skip an outage before the last message', [[-20, -10]], 60],
    ['does not skip an outage that began after it had passed', [[60, 100]], 60],
    [
      'skips several',
      [
        [30, 100],
        [150, 200],
      ],
      260,
    ],
  ])('its deadline %s', (_, outages, expected) => {
    const away = outages.map(([from, until]) => ({ from: second(from), until: second(until) }))
    expect(deadlineOf(60_000, start, away)).toBe(second(expected))
  })
})

/** Any sequence in the order of its time: messages, ticks and acknowledgements. */
const sequence = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 4000 }),
      fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 28, max: 40 }) },
        { weight: 2, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom('acknowledge' as const, 'other' as const) },
      ),
    ),
    { maxLength: 60 },
  )
  .map((gaps) => {
    let at = 0
    return gaps.map(([gap, what]): EngineInput => {
      at += gap
      if (what === 'acknowledge') return { kind: 'acknowledge', at: start + at, by: 'Ann' }
      const value = what === 'other' ? { humidity: 1 } : what
      return inputOf(value === undefined ? [at / 1000] : [at / 1000, value])
    })
  })
const anyRule = fc
  .record({
    forS: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    clearForS: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    clear: fc.option(fc.constantFrom('metrics.tempC < 32', 'metrics.tempC < 38'), {
      nil: undefined,
    }),
  })
  .map((facts) => rule({ kind: 'threshold', when: 'metrics.tempC > 36', ...facts }))

describe('the engine', () => {
  test('opens and clears in turn, and acknowledges only in between', () => {
    fc.assert(
      fc.property(anyRule, sequence, (of, inputs) => {
        const { outputs, state } = run(of, inputs)
        let open = false
        for (const { kind } of outputs) {
          if (kind === 'opened') expect(open).toBe(false)
          else expect(open).toBe(true)
          if (kind !== 'acknowledged') open = kind === 'opened'
        }
        expect(state.phase === 'open' || state.phase === 'clearing').toBe(open)
        expect(state.phase === 'idle').toBe(state === IDLE)
        expect(state.dueAt !== undefined).toBe(
          state.phase === 'pending' || state.phase === 'clearing',
        )
      }),
    )
  })

  test('gives the same outputs and trace for the same inputs, byte for byte, stored in between or not', () => {
    fc.assert(
      fc.property(anyRule, sequence, fc.nat(60), (of, inputs, cut) => {
        const whole = run(of, inputs)
        const first = run(of, inputs.slice(0, cut))
        // An initial state has no row; any other comes back from its JSON.
        const kept =
          first.state === IDLE
            ? IDLE
            : {
                ...IDLE,
                dueAt: undefined,
                values: undefined,
                ...JSON.parse(JSON.stringify(first.state)),
              }
        const rest = run(of, inputs.slice(cut), kept)
        expect(JSON.stringify([...first.outputs, ...rest.outputs])).toBe(
          JSON.stringify(whole.outputs),
        )
        expect(JSON.stringify([...first.trace, ...rest.trace])).toBe(JSON.stringify(whole.trace))
      }),
    )
  })

  test('opens at the same times whether ticks come or not', () => {
    fc.assert(
      fc.property(anyRule, sequence, (of, inputs) => {
        const messages = inputs.filter(({ kind }) => kind === 'message')
        const end: EngineInput = { kind: 'timer', at: second(9999), silence: undefined }
        const ticked = inputs.filter(({ kind }) => kind !== 'acknowledge')
        expect(run(of, [...ticked, end]).outputs).toEqual(run(of, [...messages, end]).outputs)
      }),
    )
  })

  test('tells a trace exactly when something changed', () => {
    fc.assert(
      fc.property(anyRule, sequence, (of, inputs) => {
        let state: RuleState = IDLE
        for (const input of inputs) {
          const result = step(of, state, input)
          expect(result.trace.length > 0).toBe(result.state !== state)
          state = result.state
        }
      }),
    )
  })
})
