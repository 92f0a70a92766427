import { expect, test } from 'vitest'
import type { Device } from '#registry'
import { FairQueue } from './fair-queue.ts'
import type { Item } from './items.ts'

const item = (tenant: number, at: number): Item => ({
  kind: 'timer',
  device: { id: at, tenant: { id: tenant } } as Device,
  at,
  receivedAt: 0,
  settle: () => {},
})

test('one tenant’s items keep their order', () => {
  const queue = new FairQueue()
  for (let at = 0; at < 500; at++) queue.push(item(1, at))
  const taken = [...queue.take(200, 1e9), ...queue.take(1000, 1e9)]
  expect(taken.map((each) => (each.kind === 'timer' ? each.at : -1))).toEqual(
    Array.from({ length: 500 }, (_, at) => at),
  )
  expect([queue.rows, queue.bytes]).toEqual([0, 0])
})

test('a flood from one tenant delays another by no more than its turn', () => {
  const queue = new FairQueue()
  for (let at = 0; at < 10_000; at++) queue.push(item(1, at))
  for (let at = 0; at < 10; at++) queue.push(item(2, at))
  const place = queue.take(2000, 1e9).findLastIndex((each) => each.device.tenant.id === 2)
  expect(place).toBeGreaterThanOrEqual(9)
  expect(place).toBeLessThan(200)
})

test('a batch is bounded, but takes one item however large', () => {
  const queue = new FairQueue()
  for (let at = 0; at < 10; at++) queue.push(item(1, at))
  expect(queue.take(3, 1e9)).toHaveLength(3)
  expect(queue.take(100, 1)).toHaveLength(1)
  expect(queue.rows).toBe(6)
})

test('lets go of what was taken, also when it is never empty', () => {
  const queue = new FairQueue()
  for (let at = 0; at < 5000; at++) queue.push(item(1, at))
  for (let round = 0; round < 100; round++) {
    const taken = queue.take(1000, 1e9)
    for (const each of taken) queue.push(each)
  }
  expect(queue.rows).toBe(5000)
  expect(queue.slots).toBeLessThan(5000 + 2048)
})
