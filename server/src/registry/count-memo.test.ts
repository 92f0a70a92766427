import { describe, expect, test } from 'vitest'
import { manualClock, systemClock } from '#platform'
import { createCountMemo } from './count-memo.ts'

describe('createCountMemo', () => {
  /** Counts 1, 2, 3…, each taking `tookMs`. */
  const counter = (tookMs: number) => {
    let value = 0
    return async () => {
      const until = systemClock.now() + tookMs
      while (systemClock.now() <= until) await new Promise((resolve) => setImmediate(resolve))
      return ++value
    }
  }

  test('repeats what took long, for ten seconds, and per key', async () => {
    const clock = manualClock(0)
    const memo = createCountMemo(clock)
    const count = counter(40)
    expect(await memo.count('a', count)).toBe(1)
    expect(await memo.count('a', count)).toBe(1)
    expect(await memo.count('b', count)).toBe(2)
    clock.advance(10_000)
    expect(await memo.count('a', count)).toBe(3)
  })

  test('counts anew what is quick', async () => {
    const memo = createCountMemo(manualClock(0))
    let value = 0
    const count = async () => ++value
    expect([await memo.count('a', count), await memo.count('a', count)]).toEqual([1, 2])
  })
})
