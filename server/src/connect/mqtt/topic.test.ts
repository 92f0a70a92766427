import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#testing'
import { matches, patternOf, readFilter, routeOf } from './topic.ts'

const prefix = 'pulse/v1/acme/d1/'
const level = fc.constantFrom('a', 'b', '', '.', 'a.b', '*', '(x', '$', '\\', '[')
const channel = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 3 }), fc.boolean())
  .map(([levels, open]) => (open || levels.length === 0 ? [...levels, '#'] : levels).join('/'))

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

describe('a filter', () => {
  test.for([
    ['#', 'errors', true],
    ['#', 'commands/c1', true],
    ['commands/+', 'commands/c1', true],
    ['commands/+', 'commands/c1/result', false],
    ['commands/+', 'commands', false],
    ['commands/#', 'commands', true],
    ['commands/#', 'commands/c1/result', true],
    ['+', 'errors', true],
    ['+/c1', 'commands/c1', true],
    ['errors', 'error', false],
    ['twin/+/get', 'twin/name/get', true],
    ['+/+', '/', true],
  ] as const)('%s and %s: %s', ([one, other, wanted]) => {
    expect(matches(one, other)).toBe(wanted)
  })

  test('matches in the database what it matches in memory', async () => {
    const sql = database.as('pulse_pipeline')
    await fc.assert(
      fc.asyncProperty(filter, channel, async (one, other) => {
        const [row] = await sql<{ found: boolean }[]>`select ${other} ~ ${patternOf(one)} as found`
        expect(row?.found).toBe(matches(one, other))
      }),
      { numRuns: 300 },
    )
  })

  test('leads nowhere but below the prefix of its device', () => {
    fc.assert(
      fc.property(fc.oneof(filter, channel), fc.string(), (one, noise) => {
        for (const topic of [
          one,
          `${prefix}${one}`,
          `~/${one}`,
          `${noise}${one}`,
          `pulse/${one}`,
        ]) {
          const read = readFilter(topic, prefix)
          const own = topic.startsWith(prefix) || topic.startsWith('~/')
          expect(typeof read === 'string' || own).toBe(true)
        }
      }),
    )
  })
})

test('no topic but the device’s own leads to its messages', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), channel), (topic) => {
      const route = routeOf(topic, prefix)
      expect(route.kind === 'refused' || route.kind === 'broken').toBe(true)
    }),
  )
  expect(routeOf('~/telemetry', prefix)).toEqual({ kind: 'up', channel: 'telemetry' })
  expect(routeOf(`${prefix}commands/cm_1/result`, prefix)).toEqual({
    kind: 'result',
    command: 'cm_1',
  })
})
