import { describe, expect, it } from 'vitest'
import { formatClock } from '../ui/format.ts'
import { plotWords, reasonWords } from './reason-words.ts'

const at = '2026-11-24T16:02:12.000Z'
const clock = formatClock(at)
const unitOf = (metric: string) => ({ tempC: '°C', 'air.flow': 'm³/h' })[metric]

describe('reasonWords', () => {
  it('gives a limit and the value that crossed it their unit, and the clock the reader’s zone', () => {
    expect(reasonWords('tempC stayed above 36 for 5 s (39.1 at 16:02:12Z)', at, unitOf)).toBe(
      `tempC stayed above 36 °C for 5 s (39.1 °C at ${clock})`,
    )
    expect(
      reasonWords('tempC is at or below -2.5; the alert clears at 16:02:12Z', at, unitOf),
    ).toBe(`tempC is at or below -2.5 °C; the alert clears at ${clock}`)
  })

  it('gives each of several values its own unit', () => {
    const text =
      'metrics.a held (metrics.tempC = 39.1, metrics.air.flow = 2, metrics.n = 3 at 16:02:12Z)'
    expect(reasonWords(text, at, unitOf)).toBe(
      `metrics.a held (metrics.tempC = 39.1 °C, metrics.air.flow = 2 m³/h, metrics.n = 3 at ${clock})`,
    )
  })

  it('leaves what has no unit as it is', () => {
    expect(reasonWords('load is above 3 (4 at 16:02:12Z)', at, unitOf)).toBe(
      `load is above 3 (4 at ${clock})`,
    )
    expect(reasonWords('No message for 30 s', at, unitOf)).toBe('No message for 30 s')
  })
})

describe('plotWords', () => {
  it('names the unit at the bound and not at the time', () => {
    const limits = [{ value: 36, text: 'opens above 36 for 5 s', kind: 'open' as const }]
    const words = (metric: string) => plotWords({ metric, limits }, unitOf)?.limits[0]?.text
    expect(words('tempC')).toBe('opens above 36 °C for 5 s')
    expect(words('load')).toBe('opens above 36 for 5 s')
  })
})
