import { describe, expect, test } from 'vitest'
import { approach, daily, dewPointC, stepLoad, wander } from './physics.ts'
import { createRandom, normal } from './random.ts'

test('a first-order response has done 63 % of its way after its time constant', () => {
  expect(approach(20, 50, 25, 25)).toBeCloseTo(20 + 30 * 0.632, 1)
  expect(approach(20, 50, 0, 25)).toBe(20)
})

test('a first-order response does not depend on the size of its steps', () => {
  let value = 20
  for (let step = 0; step < 100; step++) value = approach(value, 50, 0.25, 25)
  expect(value).toBeCloseTo(approach(20, 50, 25, 25), 9)
})

test('the day swings between -1 and 1 and is warmest at three in the afternoon', () => {
  expect(daily(Date.UTC(2026, 0, 1, 21))).toBeCloseTo(1)
  expect(daily(Date.UTC(2026, 0, 1, 9))).toBeCloseTo(-1)
})

test.for([0.5, 4])('noise in steps of %f s has the deviation that was asked for', (dtS) => {
  const random = createRandom('noise')
  let value = 0
  let squares = 0
  const steps = 40_000
  for (let step = 0; step < steps; step++) {
    value = wander(value, dtS, { tauS: 5, sigma: 2 }, random)
    squares += value * value
  }
  expect(Math.sqrt(squares / steps)).toBeCloseTo(2, 0)
})

test.for([
  [20, 50, 9.27],
  [25, 80, 21.31],
  [21, 100, 21],
] as const)('air of %f °C and %f %% has a dew point of %f °C', ([tempC, humidity, dew]) => {
  expect(dewPointC(tempC, humidity)).toBeCloseTo(dew, 1)
})

test('a load steps between levels and stays in its range', () => {
  const random = createRandom('load')
  let load = { pct: 50, targetPct: 50, holdS: 10 }
  const targets = new Set<number>()
  for (let second = 0; second < 3600; second++) {
    load = stepLoad(load, 1, { lowPct: 30, highPct: 60 }, random)
    targets.add(load.targetPct)
    expect(load.pct).toBeGreaterThanOrEqual(30)
    expect(load.pct).toBeLessThanOrEqual(60)
  }
  expect(targets.size).toBeGreaterThan(15)
  expect(targets.size).toBeLessThan(61)
})

describe('random numbers', () => {
  const draw = (seed: string) => Array.from({ length: 5 }, createRandom(seed))

  test('are the same for the same seed and others for another', () => {
    expect(draw('a')).toEqual(draw('a'))
    expect(draw('a')).not.toEqual(draw('b'))
  })

  test('have the mean and deviation of the normal distribution', () => {
    const random = createRandom('normal')
    const values = Array.from({ length: 20_000 }, () => normal(random))
    const mean = values.reduce((sum, value) => sum + value) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(mean).toBeCloseTo(0, 1)
    expect(variance).toBeCloseTo(1, 1)
  })
})
