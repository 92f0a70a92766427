import { describe, expect, it } from 'vitest'
import { fixedRange, isLive, rangeSearch, resolveRange, trimToData } from './range.ts'

describe('a range', () => {
  it('is the last quarter of an hour without a word in the URL', () => {
    const { from, to } = resolveRange(rangeSearch.parse({}), 1_000_000_000)
    expect(to - from).toBe(15 * 60_000)
    expect(to).toBeGreaterThanOrEqual(1_000_000_000)
  })

  it('stands still between two steps of a live window', () => {
    const search = rangeSearch.parse({ range: '1h' })
    expect(resolveRange(search, 10_000_001)).toEqual(resolveRange(search, 10_004_999))
    expect(resolveRange(search, 10_005_001)).not.toEqual(resolveRange(search, 10_004_999))
  })

  it('is fixed by from and to', () => {
    expect(resolveRange(rangeSearch.parse({ from: 1000, to: 90_000, range: '7d' }), 5)).toEqual({
      from: 1000,
      to: 90_000,
    })
  })

  it.each([{ from: 'x', to: 5 }, { from: 9, to: 5 }, { range: '3y' }])(
    'ignores nonsense in the URL: %o',
    (search) => {
      expect(isLive(rangeSearch.parse(search))).toBe(true)
    },
  )

  it('that is dragged is no shorter than ten seconds', () => {
    expect(fixedRange({ from: 100_000, to: 100_002 })).toEqual({ from: 95_001, to: 105_001 })
  })
})

describe('a window that nobody chose', () => {
  const range = { from: 0, to: 900_000 }
  const series = (t: number[], mean: (number | null)[]) => [
    { metric: 'tempC', mode: 'raw' as const, bucketMs: 0, t, mean },
  ]

  it('begins where the data begins, if most of it were empty', () => {
    const trimmed = trimToData(range, series([0, 600_000, 700_000], [null, 1, 2]))
    expect(trimmed).toEqual({ from: 595_000, to: 900_000 })
  })

  it('is no shorter than a minute', () => {
    expect(trimToData(range, series([890_000], [1])).from).toBe(840_000)
  })

  it('stays whole when data begins early, and when there is none', () => {
    expect(trimToData(range, series([100_000], [1]))).toEqual(range)
    expect(trimToData(range, series([], []))).toEqual(range)
  })
})
