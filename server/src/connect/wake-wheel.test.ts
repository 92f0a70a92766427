import { expect, test } from 'vitest'
import type { Device } from '#registry'
import { TICK_MS, WakeWheel } from './wake-wheel.ts'

const device = (id: number) => ({ id }) as Device
const ids = (devices: readonly Device[]) => devices.map(({ id }) => id)

test('wakes never early and at most one tick late', () => {
  const wheel = new WakeWheel(0)
  wheel.wake(device(1), 1001)
  expect(ids(wheel.due(1001))).toEqual([])
  expect(ids(wheel.due(1001 + TICK_MS))).toEqual([1])
  expect(wheel.size).toBe(0)
})

test('keeps the earliest of several wishes', () => {
  const wheel = new WakeWheel(0)
  wheel.wake(device(1), 5000)
  wheel.wake(device(1), 2000)
  wheel.wake(device(1), 9000)
  expect(ids(wheel.due(2000))).toEqual([1])
  expect(ids(wheel.due(10_000))).toEqual([])
})

test('a wish for the past comes with the next tick', () => {
  const wheel = new WakeWheel(10_000)
  wheel.wake(device(1), 10)
  expect(ids(wheel.due(10_000 + TICK_MS))).toEqual([1])
})

test('after a long pause everything due comes, in order', () => {
  const wheel = new WakeWheel(0)
  wheel.wake(device(2), 4000)
  wheel.wake(device(1), 1000)
  wheel.wake(device(3), 90_000_000)
  expect(ids(wheel.due(86_400_000))).toEqual([1, 2])
  expect(wheel.size).toBe(1)
})
