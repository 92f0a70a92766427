import { describe, expect, test } from 'vitest'
import { attemptsOf, DEFAULT_RETRIES, retryAfterMs, waitAfter } from './backoff.ts'

describe('the waits between attempts', () => {
  test('grow from 5 s to 6 h over eight attempts', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7].map((number) =>
      waitAfter(DEFAULT_RETRIES, number, 1, undefined),
    )
    expect(attemptsOf(DEFAULT_RETRIES)).toBe(8)
    expect(longest.map((ms) => ms / 1000)).toEqual([5, 30, 120, 600, 3600, 10_800, 21_600])
  })

  test('have full jitter, but never less than a second', () => {
    expect(waitAfter(DEFAULT_RETRIES, 3, 0.25, undefined)).toBe(30_000)
    expect(waitAfter(DEFAULT_RETRIES, 3, 0, undefined)).toBe(1000)
  })

  test('are at least what the receiver asks for, within reason', () => {
    expect(waitAfter(DEFAULT_RETRIES, 1, 0.5, 60_000)).toBe(60_000)
    expect(waitAfter(DEFAULT_RETRIES, 1, 0.5, 1e12)).toBe(DEFAULT_RETRIES.retryAfterMaxMs)
  })
})

describe('Retry-After', () => {
  const now = Date.parse('2026-11-24T12:00:00Z')
  test.each([
    ['120', 120_000],
    ['Tue, 24 Nov 2026 12:01:00 GMT', 60_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('%s is read as %s ms', (header, expected) => expect(retryAfterMs(header, now)).toBe(expected))
})
