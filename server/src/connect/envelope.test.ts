import { envelope as schema } from '@pulse/contract'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EnvelopeFault, type ReadEnvelope, readEnvelope } from './envelope.ts'

const fault = (text: string, channel?: 'telemetry' | 'event' | 'status') => {
  const read = readEnvelope(text, channel)
  return 'fault' in read ? read.fault : undefined
}
const telemetry = (fields: object) =>
  JSON.stringify({ v: 1, type: 'telemetry', data: { metrics: { t: 1 } }, ...fields })

describe('readEnvelope', () => {
  test.for<[what: string, text: string, fault: EnvelopeFault['fault']]>([
    ['text that is not JSON', '{"v":1', 'malformed'],
    ['an array inside', '[1]', 'schema'],
    ['a bare number', '1', 'schema'],
    ['another version', telemetry({ v: 2 }), 'unsupported-version'],
    ['no version', JSON.stringify({ type: 'telemetry' }), 'unsupported-version'],
    ['an unknown type', telemetry({ type: 'twin' }), 'schema'],
    ['an id with a space', telemetry({ id: 'a b' }), 'schema'],
    ['an id of 65 characters', telemetry({ id: 'a'.repeat(65) }), 'schema'],
    ['a time without a zone', telemetry({ ts: '2026-11-24T10:00:00' }), 'schema'],
    ['a time that does not exist', telemetry({ ts: '2026-02-30T10:00:00Z' }), 'schema'],
    ['a negative time', telemetry({ ts: -1 }), 'schema'],
    ['a broken seq', telemetry({ seq: 1.5 }), 'schema'],
    ['no data', telemetry({ data: undefined }), 'schema'],
    ['no metrics', telemetry({ data: { metrics: {} } }), 'schema'],
    [
      '257 metrics',
      telemetry({
        data: { metrics: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`m${i}`, 1])) },
      }),
      'schema',
    ],
    ['a metric named 1a', telemetry({ data: { metrics: { '1a': 1 } } }), 'schema'],
    ['a metric that is null', telemetry({ data: { metrics: { a: null } } }), 'schema'],
    ['a text of 257', telemetry({ data: { metrics: { a: 'x'.repeat(257) } } }), 'schema'],
    ['1e400', '{"v":1,"type":"telemetry","data":{"metrics":{"a":1e400}}}', 'malformed'],
    ['1e-400', '{"v":1,"type":"telemetry","data":{"metrics":{"a":1e-400}}}', 'malformed'],
    [
      '400 digits',
      `{"v":1,"type":"telemetry","data":{"metrics":{"a":${'9'.repeat(400)}}}}`,
      'malformed',
    ],
    [
      'an escaped NUL',
      '{"v":1,"type":"telemetry","data":{"metrics":{"a":"\\u0000"}}}',
      'malformed',
    ],
    [
      'half a surrogate pair',
      '{"v":1,"type":"telemetry","data":{"metrics":{"a":"\\ud800"}}}',
      'malformed',
    ],
    [
      'a NUL in an unknown key',
      '{"v":1,"type":"telemetry","\\u0000":1,"data":{"metrics":{"a":1}}}',
      'malformed',
    ],
    [
      'deep nesting',
      `{"v":1,"type":"event","data":{"name":"a","attributes":{"x":${'['.repeat(200)}${']'.repeat(200)}}}}`,
      'malformed',
    ],
    [
      'two points of one time',
      telemetry({
        data: {
          points: [
            { ts: 1, metrics: { a: 1 } },
            { ts: 1, metrics: { a: 2 } },
          ],
        },
      }),
      'schema',
    ],
    ['an event without a name', JSON.stringify({ v: 1, type: 'event', data: {} }), 'schema'],
    [
      'a battery of 101 %',
      JSON.stringify({ v: 1, type: 'status', data: { batteryPct: 101 } }),
      'schema',
    ],
  ])('refuses %s', ([, text, expected]) => {
    expect(fault(text)).toBe(expected)
  })

  test('refuses a type that contradicts the topic', () => {
    expect(fault(telemetry({}), 'event')).toBe('schema')
    expect(fault(telemetry({}), 'telemetry')).toBeUndefined()
  })

  test('keeps the text of the metrics as it came', () => {
    const text = '{"v":1,"data":{ "metrics" : {"a": 30.0,\t"b\\u0041":1e2 } },"type":"telemetry"}'
    expect(readEnvelope(text, undefined)).toMatchObject({
      points: [{ text: '{"a": 30.0,\t"b\\u0041":1e2 }' }],
    })
  })

  test('takes the last of two equal keys, as JSON does', () => {
    const text =
      '{"v":1,"type":"telemetry","data":{"metrics":{"a":1}},"data":{"metrics":{"b":2},"metrics":{"c":3}}}'
    const read = readEnvelope(text, undefined) as ReadEnvelope
    expect(read.points[0]?.text).toBe('{"c":3}')
    expect(read.points[0]?.metrics).toEqual({ c: 3 })
  })

  test('takes a metric named __proto__ as a metric', () => {
    const read = readEnvelope(
      '{"v":1,"type":"telemetry","data":{"metrics":{"__proto__":7}}}',
      undefined,
    )
    expect('points' in read && Object.keys(read.points[0]?.metrics ?? {})).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>)['7']).toBeUndefined()
  })

  test('keeps unknown fields beside the data', () => {
    const read = readEnvelope(
      telemetry({ site: 'x', data: { metrics: { a: 1 }, note: 'n' } }),
      undefined,
    )
    expect('extra' in read && JSON.parse(read.extra ?? '')).toEqual({
      site: 'x',
      data: { note: 'n' },
    })
  })
})

// The schema library passes over a key `__proto__`; that such a metric is taken has its own test.
const name = fc
  .oneof(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,20}$/), fc.string())
  .filter((each) => each !== '__proto__')
const value = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.string(),
  fc.constant(null),
  fc.constant([]),
)
const metrics = fc.dictionary(name, value, { maxKeys: 6 })
const time = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    '2026-11-24T10:00Z',
    '2026-11-24T10:00:00+02:00',
    '2026-13-01T00:00:00Z',
    'now',
    '',
  ),
)
const data = fc.oneof(
  fc.record({ metrics }),
  fc.record({ points: fc.array(fc.record({ ts: time, metrics }), { maxLength: 3 }) }),
  fc.record({ metrics: fc.anything() }),
  fc.anything(),
)
const candidate = fc.record(
  {
    v: fc.constantFrom(1, 1, 1, 1, 2, '1'),
    type: fc.constantFrom('telemetry', 'telemetry', 'telemetry', 'event', 'x'),
    id: fc.oneof(fc.stringMatching(/^[A-Za-z0-9_.:-]{1,64}$/), fc.string(), fc.integer()),
    ts: time,
    seq: fc.oneof(fc.nat(), fc.double()),
    device: fc.oneof(fc.stringMatching(/^[A-Za-z0-9_:-]{1,128}$/), fc.string()),
    data,
    other: fc.anything(),
  },
  { requiredKeys: ['v', 'type', 'data'] },
)

describe('the hand-written check of telemetry', () => {
  test('accepts what the contract accepts, and nothing else', () => {
    fc.assert(
      fc.property(candidate, (made) => {
        const text = JSON.stringify(made)
        const parsed: unknown = JSON.parse(text)
        const bySchema = schema.safeParse(parsed).success
        const read = readEnvelope(text, undefined)
        // What PostgreSQL cannot store and points of one time are Connect's own refusals.
        const beyond =
          'fault' in read &&
          (read.fault === 'malformed' ||
            read.detail.includes('stands twice') ||
            read.detail.includes('not both'))
        expect(!('fault' in read) || beyond).toBe(bySchema || beyond)
      }),
      { numRuns: 3000 },
    )
  })

  test('finds exactly the text that parses to the metrics', () => {
    const spaced = fc.constantFrom('', ' ', '\n\t')
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[A-Za-z_]{1,9}$/),
          fc.oneof(fc.integer(), fc.boolean(), fc.string({ maxLength: 40 })),
          { minKeys: 1 },
        ),
        fc.json(),
        spaced,
        (made, noise, space) => {
          const text = `{${space}"x":${noise},"v":1,${space}"data"${space}:{"y":${noise},"metrics":${space}${JSON.stringify(made)}},"type":"telemetry"}`
          const read = readEnvelope(text, undefined)
          if ('fault' in read) return expect(read.fault).toBe('malformed')
          expect(JSON.parse(read.points[0]?.text ?? '')).toEqual(JSON.parse(JSON.stringify(made)))
        },
      ),
      { numRuns: 1000 },
    )
  })
})
