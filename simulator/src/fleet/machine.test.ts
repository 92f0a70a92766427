import { describe, expect, test } from 'vitest'
import { createReplay, loadReadings, type Reading } from './machine.ts'
import { demoFleet } from './plan.ts'

const readings = loadReadings()
const replay = createReplay(readings)
const START = Date.UTC(2026, 10, 24, 12)

/** When `value < below` held for `forReadings` more readings, until `value > above`. */
function alerts(below: number, above: number, forReadings: number): [string, string][] {
  const found: [string, string][] = []
  let count = 0
  let openedAt: string | undefined
  for (const { at, value } of readings) {
    if (openedAt === undefined) {
      count = value < below ? count + 1 : 0
      if (count > forReadings) openedAt = at
    } else if (value > above) {
      found.push([openedAt, at])
      openedAt = undefined
      count = 0
    }
  }
  return found
}

const limitsOf = (key: string): [number, number, number] => {
  const rule = demoFleet.rules.find((each) => each.key === key)
  if (rule?.kind !== 'threshold') throw new Error(`${key} is not a threshold rule`)
  const limit = (condition = '') => Number(/[<>] ([\d.]+)/.exec(condition)?.[1])
  return [limit(rule.when), limit(rule.clear), rule.forS ?? 0]
}

/** The known windows, from the notice beside the data. */
const windows = [
  ['2013-12-10 06:25:00', '2013-12-12 05:35:00'],
  ['2013-12-15 17:50:00', '2013-12-17 17:00:00'],
  ['2014-01-27 14:20:00', '2014-01-29 13:30:00'],
  ['2014-02-07 14:55:00', '2014-02-09 14:05:00'],
] as const
const windowOf = (at: string) => windows.findIndex(([from, to]) => at >= from && at <= to)

describe('the recorded machine', () => {
  test('is there whole', () => {
    expect(readings).toHaveLength(22_695)
    expect(readings.every(({ value }) => Number.isFinite(value))).toBe(true)
  })

  test('fails twice by the rule machine-failure, and nothing else opens it', () => {
    const found = alerts(...limitsOf('machine-failure'))
    expect(found.map(([openedAt]) => windowOf(openedAt))).toEqual([1, 3])
  })

  test('cools down in every known window by the rule machine-cooling, and six times besides', () => {
    const found = alerts(...limitsOf('machine-cooling')).map(([openedAt]) => windowOf(openedAt))
    expect(new Set(found.filter((window) => window >= 0))).toEqual(new Set([0, 1, 2, 3]))
    expect(found.filter((window) => window < 0)).toHaveLength(6)
  })
})

describe('the replay', () => {
  test('lays the past a second apart before the start', () => {
    const points = replay.backfill(START)
    expect(points.at(-1)?.ts).toBe(START - 1000)
    expect(points.length).toBeGreaterThan(5 * 3600)
    const gaps = points.slice(1).map(({ ts }, at) => ts - (points[at]?.ts ?? 0))
    expect(new Set(gaps)).toEqual(new Set([1000]))
  })

  test('fails about two minutes after the start', () => {
    const seconds = Array.from({ length: 600 }, (_, at) => at)
    const failsAt = seconds.find(
      (second) => Number(replay.metricsAt(START, START + second * 1000).temperature) < 45,
    )
    expect(failsAt).toBeGreaterThan(60)
    expect(failsAt).toBeLessThan(150)
  })

  test('goes on where the past ends, and begins anew after the last reading', () => {
    const few: Reading[] = [
      '2014-02-07 14:25:00',
      '2014-02-07 14:30:00',
      '2014-02-07 14:35:00',
    ].map((at, value) => ({ at, value }))
    const short = createReplay(few)
    const shown = [0, 1, 2, 3].map((s) => short.metricsAt(START, START + s * 1000).temperature)
    expect(shown).toEqual([1, 2, 0, 1])
    expect(short.backfill(START)).toEqual([{ ts: START - 1000, metrics: { temperature: 0 } }])
  })
})
