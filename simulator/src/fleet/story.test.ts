import { describe, expect, test } from 'vitest'
import { createSampler, type Metrics } from './models.ts'
import { demoFleet } from './plan.ts'
import { createRandom } from './random.ts'
import { episodes, faultsAt, mishapsBetween, moments } from './story.ts'

const MORNING = Date.UTC(2026, 10, 24, 9)
const AFTERNOON = Date.UTC(2026, 10, 24, 21)

interface Span {
  readonly openedS: number
  readonly clearedS: number
}

interface Condition {
  readonly when: (metrics: Metrics) => boolean
  readonly forS: number
  readonly clear: (metrics: Metrics) => boolean
}

/** Plays a device and evaluates a condition with hysteresis, as the rule of the plan does. */
function play(key: string, startMs: number, seed: string, condition: Condition): Span[] {
  const device = demoFleet.devices.find((each) => each.key === key)
  if (!device) throw new Error(`${key} is not in the plan`)
  const sample = createSampler(device.type, createRandom(seed))
  const spans: Span[] = []
  let sinceS: number | undefined
  let openedS: number | undefined
  for (let second = 0; second < 700; second += 2) {
    const faults = faultsAt(device, second)
    const metrics = sample?.({ atMs: startMs + second * 1000, dtS: 2, faults, queued: 0 }) ?? {}
    if (openedS === undefined) {
      sinceS = condition.when(metrics) ? (sinceS ?? second) : undefined
      if (sinceS !== undefined && second - sinceS >= condition.forS) openedS = second
    } else if (condition.clear(metrics)) {
      spans.push({ openedS, clearedS: second })
      openedS = undefined
      sinceS = undefined
    }
  }
  return spans
}

const seeds = Array.from({ length: 20 }, (_, at) => `seed-${at}`)

describe('the storyline', () => {
  test.for([MORNING, AFTERNOON])('overheats ups-0041 at once and every six minutes', (startMs) => {
    const overheat: Condition = {
      when: ({ internalTempC }) => Number(internalTempC) > 36,
      forS: 5,
      clear: ({ internalTempC }) => Number(internalTempC) < 32,
    }
    for (const seed of seeds) {
      const spans = play('ups-0041', startMs, seed, overheat)
      expect(spans, seed).toHaveLength(2)
      for (const [round, { openedS, clearedS }] of spans.entries()) {
        expect(openedS - round * 360, seed).toBeLessThanOrEqual(24)
        expect(clearedS - openedS, seed).toBeGreaterThanOrEqual(55)
        expect(clearedS - openedS, seed).toBeLessThanOrEqual(95)
      }
      expect(play('ups-0042', startMs, seed, overheat)).toEqual([])
    }
  })

  test('drains the battery of ups-0012 while its mains are out', () => {
    for (const seed of seeds) {
      const low = play('ups-0012', MORNING, seed, {
        when: ({ batteryPct }) => Number(batteryPct) < 65,
        forS: 0,
        clear: ({ batteryPct }) => Number(batteryPct) > 75,
      })
      expect(low[0]?.openedS, seed).toBeGreaterThan(75)
      expect(low[0]?.openedS, seed).toBeLessThan(175)
      expect(low[0]?.clearedS, seed).toBeGreaterThan(175)
    }
  })

  test('lets a whole site go dark and come back', () => {
    const ashburn = demoFleet.devices.filter(({ site }) => site === 'ashburn')
    const dark = (elapsedS: number) =>
      ashburn.filter((device) => faultsAt(device, elapsedS).has('dark')).length
    expect(dark(149)).toBe(1)
    expect(dark(150)).toBe(ashburn.length)
    expect(dark(269)).toBe(ashburn.length)
    expect(dark(270)).toBe(1)
    expect(dark(750)).toBe(ashburn.length)
  })

  test('tells each mishap once, however the ticks fall', () => {
    const device = { key: 'env-0021', site: 'reno-1' }
    for (const tickS of [0.25, 1.6, 20]) {
      let count = 0
      for (let tick = 0; tick * tickS < 480; tick++) {
        count += mishapsBetween(device, tick * tickS, (tick + 1) * tickS).length
      }
      expect(count, `ticks of ${tickS} s`).toBe(4)
    }
    expect(mishapsBetween({ key: 'env-0011', site: 'dallas-2' }, 0, 1000)).toEqual([])
  })

  test('speaks of devices and sites that the plan has', () => {
    const keys = new Set(demoFleet.devices.map(({ key }) => key))
    const sites = new Set(demoFleet.sites.map(({ key }) => key))
    for (const { device, site } of [...episodes, ...moments]) {
      expect(device === undefined ? sites.has(site ?? '') : keys.has(device)).toBe(true)
    }
  })
})
