import { Environment } from '@marcbachmann/cel-js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { condition } from './condition.ts'

const device = { key: 'ups-1', type: 'ups', site: 'dal-2', tags: { env: 'prod', __proto__x: 'y' } }
const metrics = JSON.parse(
  '{"tempC":39.1,"n":5,"on":true,"mode":"eco","y-z":3,"a.b":7,"big":1e300,"__proto__":4}',
)
const value = (text: string) => condition(text, 'when').test(metrics, device)

describe('a condition', () => {
  test.each<[string, boolean]>([
    ['metrics.tempC > 36.0', true],
    ['metrics.tempC > 36', true],
    ['36 < metrics.tempC', true],
    ['metrics.n + 1 > 5.5', true],
    ['metrics.n % 2 == 1', true],
    ['2 == 2.0', true],
    ['1 / 2 == 0', true],
    ['metrics.n / 2 == 2.5', true],
    ['-metrics.n < 0', true],
    ['metrics["y-z"] == 3 && metrics["a.b"] == 7', true],
    ['metrics.on', true],
    ['!metrics.on', false],
    ['metrics.mode in ["eco", "max"]', true],
    ['metrics.n in [5, 6.0]', true],
    ['"y-z" in metrics', true],
    ['"toString" in metrics', false],
    ['has(metrics.tempC) && !has(metrics.nothing)', true],
    ['has(metrics.constructor)', false],
    ['metrics.tempC > 36 ? metrics.on : false', true],
    ['metrics.mode.startsWith("e") && metrics.mode.contains("c")', true],
    ['metrics.mode == 3', false],
    ['device.type == "ups" && device.site == "dal-2" && device.tags.env == "prod"', true],
    ['metrics.on || metrics.nothing > 3', true],
    ['metrics.nothing > 3 || metrics.on', true],
    ['metrics.nothing > 3 && false', false],
    ['metrics["__proto__"] == 4', true],
    ['metrics.big * 1e10 > 1e308', true],
  ])('%s is %s', (text, expected) => {
    expect(value(text)).toBe(expected)
  })

  test.each<[string, string]>([
    ['metrics.nothing > 3', 'metrics.nothing is missing'],
    ['!(metrics.nothing > 3)', 'metrics.nothing is missing'],
    ['metrics["x-y"] == 1 && metrics.on', 'metrics["x-y"] is missing'],
    ['device.tags.floor == "2"', 'device.tags.floor is missing'],
    ['metrics.mode > 3', 'its values cannot be compared'],
    ['metrics.n % 0 == 1', 'its values cannot be compared'],
    ['metrics.tempC', 'its values cannot be compared'],
  ])('%s has no value: %s', (text, why) => {
    expect(value(text)).toBeUndefined()
    expect(condition(text, 'when').why(metrics, device)).toBe(why)
  })

  test.each([
    ['metrics.tempC >'],
    ['foo > 1'],
    ['1 + 1'],
    ['"a" > 3'],
    ['[1, 2].exists(x, x > metrics.n)'],
    ['matches(metrics.mode, "(a+)+")'],
    ['metrics.mode.matches("(a+)+")'],
    ['metrics[metrics.mode] > 2'],
    ['metrics.a.b > 2'],
    ['device.secret == "x"'],
    ['metrics == metrics'],
    ['metrics.x == null'],
    ['9007199254740993 > metrics.n'],
    [`${'('.repeat(60)}true${')'.repeat(60)}`],
    [Array.from({ length: 300 }, () => 'metrics.n > 1').join(' || ')],
  ])('%s is refused with the field that holds it', (text) => {
    expect(() => condition(text, 'clear')).toThrow(
      expect.objectContaining({
        code: 'rules.bad-rule',
        detail: expect.stringMatching(/^clear: /),
      }),
    )
  })

  test('tells the values that it read by their names as written, null for what is missing', () => {
    const read = condition(
      'metrics["y-z"] > 1 && metrics.nothing == 1 || device.type == "x"',
      'when',
    )
    expect(read.values(metrics, device)).toEqual({
      'metrics["y-z"]': 3,
      'metrics.nothing': null,
      'device.type': 'ups',
    })
  })

  test('knows its limits for the plot', () => {
    expect(condition('metrics.a > 1 && -2 >= metrics.b || metrics.on', 'when').limits).toEqual([
      { metric: 'a', op: '>', value: 1 },
      { metric: 'b', op: '<=', value: -2 },
    ])
  })
})

const env = new Environment({ homogeneousAggregateLiterals: false })
  .registerVariable('metrics', 'map')
  .registerVariable('device', 'map')

/** Expressions of the subset, typed loosely on purpose: errors must agree in kind too. */
const { expression } = fc.letrec<{
  expression: string
  bool: string
  number: string
  text: string
}>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('metrics.a', 'metrics.b', 'metrics["y-z"]', '1.5', '2', '-3', '0.0', '7'),
    fc
      .tuple(tie('number'), fc.constantFrom('+', '-', '*', '/', '%'), tie('number'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('number').map((a) => `-(${a})`),
  ),
  text: fc.constantFrom('metrics.s', '"x"', '"y"', 'device.type', 'metrics.a'),
  bool: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      'true',
      'false',
      'metrics.on',
      'metrics.off',
      'has(metrics.a)',
      '"b" in metrics',
    ),
    fc
      .tuple(tie('number'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('number'))
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc
      .tuple(tie('text'), fc.constantFrom('==', '!=', '<', '>='), tie('text'))
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc.tuple(tie('text'), tie('text'), tie('text')).map(([a, b, c]) => `${a} in [${b}, ${c}]`),
    fc
      .tuple(tie('text'), fc.constantFrom('startsWith', 'endsWith', 'contains'))
      .map(([a, verb]) => `${a}.${verb}("x")`),
    tie('bool').map((a) => `!(${a})`),
    fc
      .tuple(tie('bool'), fc.constantFrom('&&', '||'), tie('bool'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc
      .tuple(tie('bool'), tie('bool'), tie('bool'))
      .map(([a, b, c]) => `((${a}) ? (${b}) : (${c}))`),
  ),
  expression: tie('bool') as fc.Arbitrary<string>,
}))

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -9, max: 9 }),
)
const someMetrics = fc.record(
  {
    a: number,
    b: number,
    'y-z': number,
    s: fc.constantFrom('x', 'y', 'xyx', ''),
    on: fc.boolean(),
    off: fc.constantFrom(true, false, 0, 'x'),
  },
  { requiredKeys: [] },
)

const byLibrary = (text: string, given: object): boolean | undefined => {
  try {
    const result: unknown = env.parse(text)({ metrics: given, device })
    return typeof result === 'boolean' ? result : undefined
  } catch {
    return undefined
  }
}

describe('the compiler', () => {
  test('agrees with the CEL library wherever that has a value', () => {
    let compared = 0
    fc.assert(
      fc.property(expression, someMetrics, (text, given) => {
        const expected = byLibrary(text, given)
        if (expected === undefined) return
        compared++
        let ours: boolean | undefined
        try {
          ours = condition(text, 'when').test(given, device)
        } catch (error) {
          throw new Error(`the library reads ${text}, and we refuse it`, { cause: error })
        }
        expect(ours).toBe(expected)
      }),
      { numRuns: 5000 },
    )
    expect(compared).toBeGreaterThan(1000)
  })
})
