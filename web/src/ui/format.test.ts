import { describe, expect, it } from 'vitest'
import {
  formatClock,
  formatDuration,
  formatTook,
  formatValue,
  localTimes,
  plural,
} from './format.ts'

describe('format', () => {
  it('shows a duration in at most two units', () => {
    expect(formatDuration(2_900)).toBe('2 s')
    expect(formatDuration(6 * 60_000 + 59_000)).toBe('6 min')
    expect(formatDuration(3 * 3_600_000 + 12 * 60_000)).toBe('3 h 12 min')
    expect(formatDuration(2 * 86_400_000)).toBe('2 d')
  })

  it('never shows a negative age when clocks differ', () => {
    expect(formatDuration(-5_000)).toBe('0 s')
  })

  it('keeps a useful precision at every size', () => {
    expect(formatValue(41.8234)).toBe('41.8')
    expect(formatValue(1284.4)).toBe('1,284')
    expect(formatValue(0.0341)).toBe('0.034')
    expect(formatValue(22)).toBe('22')
    expect(formatValue(false)).toBe('off')
    expect(formatValue(null)).toBe('—')
  })

  it('names the unit of what a query took', () => {
    expect(formatTook(18.4)).toBe('18 ms')
    expect(formatTook(1_230)).toBe('1.2 s')
  })

  it('puts the clock times of a sentence into the zone of the reader', () => {
    const at = '2026-11-24T23:59:50.000Z'
    expect(localTimes('above 36 (39 at 23:59:50Z)', at)).toBe(`above 36 (39 at ${formatClock(at)})`)
    const later = formatClock('2026-11-25T00:00:10.000Z')
    expect(localTimes('opens at 00:00:10Z', at)).toBe(`opens at ${later}`)
  })

  it('counts one as one', () => {
    expect(plural(1, 'device')).toBe('1 device')
    expect(plural(2, 'delivery', 'deliveries')).toBe('2 deliveries')
  })
})
