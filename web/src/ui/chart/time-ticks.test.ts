import { describe, expect, it } from 'vitest'
import { timeTicks } from './time-ticks.ts'

describe('ticks of a time axis', () => {
  it('stand at round times and are no more than wanted', () => {
    const from = Date.UTC(2026, 10, 24, 12, 3)
    const ticks = timeTicks({ from, to: from + 4 * 3_600_000 }, 5)
    expect(ticks.length).toBeGreaterThan(2)
    expect(ticks.length).toBeLessThanOrEqual(5)
    expect(ticks.every((tick) => new Date(tick.at).getMinutes() === 0)).toBe(true)
  })

  it('tell seconds only in short ranges', () => {
    const from = Date.UTC(2026, 10, 24, 12, 0)
    const short = timeTicks({ from, to: from + 60_000 }, 5)
    const long = timeTicks({ from, to: from + 3_600_000 }, 6)
    expect(short[0]?.label).toMatch(/^\d\d:\d\d:\d\d$/)
    expect(long[0]?.label).toMatch(/^\d\d:\d\d$/)
  })
})
