import { expect, test } from 'vitest'
import { TokenBuckets } from './token-bucket.ts'

test('lets a burst through, then the rate', () => {
  const buckets = new TokenBuckets({ perSecond: 10, burst: 20 })
  for (let taken = 0; taken < 20; taken++) expect(buckets.take(1, 1, 0)).toBe(0)
  expect(buckets.take(1, 1, 0)).toBe(100)
  expect(buckets.take(1, 1, 100)).toBe(0)
  expect(buckets.take(1, 1, 100)).toBe(100)
})

test('keys do not share', () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 1 })
  expect(buckets.take(1, 1, 0)).toBe(0)
  expect(buckets.take(2, 1, 0)).toBe(0)
})

test('more than a burst at once passes a full bucket and is paid for after', () => {
  const buckets = new TokenBuckets({ perSecond: 10, burst: 10 })
  expect(buckets.take(1, 1, 0)).toBe(0)
  expect(buckets.take(1, 50, 1000)).toBe(0)
  expect(buckets.take(1, 1, 2000)).toBeGreaterThan(2000)
})
