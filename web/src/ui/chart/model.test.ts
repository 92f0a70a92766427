import { describe, expect, it } from 'vitest'
import { align, gapsOf, sharedGaps, summarise, valueRange } from './model.ts'

const series = (t: number[], mean: (number | null)[]) => ({
  metric: 'temp',
  mode: 'raw' as const,
  bucketMs: 0,
  t,
  mean,
})
const steady = (from: number, to: number) =>
  Array.from({ length: (to - from) / 10 + 1 }, (_, i) => from + i * 10)

describe('gaps', () => {
  it('span from the last value before a null to the first after it', () => {
    const t = steady(0, 1000)
    const mean = t.map((at) => (at > 300 && at < 500 ? null : 1))
    expect(gapsOf(series(t, mean), { from: 0, to: 1000 })).toEqual([{ from: 300, to: 500 }])
  })

  it('are seen before the first and after the last value', () => {
    const t = steady(400, 600)
    const gaps = gapsOf(
      series(
        t,
        t.map(() => 1),
      ),
      { from: 0, to: 1000 },
    )
    expect(gaps).toEqual([
      { from: 0, to: 400 },
      { from: 600, to: 1000 },
    ])
  })

  it('cover the whole range when there is no value', () => {
    expect(gapsOf(series([], []), { from: 0, to: 10 })).toEqual([{ from: 0, to: 10 }])
  })

  it('of several series are only where all are without data', () => {
    const t = steady(0, 1000)
    const a = series(
      t,
      t.map((at) => (at > 300 && at < 500 ? null : 1)),
    )
    const b = series(
      t,
      t.map((at) => (at > 400 && at < 700 ? null : 1)),
    )
    expect(sharedGaps([a, b], { from: 0, to: 1000 })).toEqual([{ from: 400, to: 500 }])
  })
})

describe('a summary', () => {
  it('tells latest, lowest and highest within the range, buckets by their bounds', () => {
    const buckets = {
      ...series([0, 10, 20, 30], [5, 6, null, 9]),
      min: [1, 2, null, 0],
      max: [9, 8, null, 90],
    }
    expect(summarise(buckets, { from: 0, to: 20 })).toEqual({
      latest: 6,
      latestAt: 10,
      min: 1,
      max: 9,
    })
  })

  it('is null without values', () => {
    expect(summarise(series([0], [null]), { from: 0, to: 1 })).toBeNull()
  })
})

describe('lines over one time axis', () => {
  it('keep gaps as null and leave foreign times undefined', () => {
    const both = align([series([0, 20], [1, null]), series([10, 20], [3, 4])])
    expect(both.t).toEqual([0, 10, 20])
    expect(both.columns.map((column) => column.mean)).toEqual([
      [1, undefined, null],
      [undefined, 3, 4],
    ])
  })
})

describe('the value range', () => {
  it('includes the limits', () => {
    const [low, high] = valueRange(20, 25, {
      lines: [],
      limits: [{ value: 36, text: 'opens', kind: 'open' }],
    })
    expect(low).toBeLessThan(20)
    expect(high).toBeGreaterThan(36)
  })

  it('does not go below zero for values that never do', () => {
    expect(valueRange(0, 10, { lines: [], limits: [] })[0]).toBe(0)
  })

  it('gives a flat line some air', () => {
    const [low, high] = valueRange(50, 50, { lines: [], limits: [] })
    expect(high - low).toBeGreaterThan(0)
  })
})

describe('the range of a share', () => {
  it('ends at 100 %', () => {
    const line = { name: 'Battery', unit: '%', series: series([0], [100]) }
    expect(valueRange(90, 100, { lines: [line], limits: [] })[1]).toBeLessThan(101)
  })
})
