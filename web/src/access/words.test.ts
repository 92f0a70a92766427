import type { ApiKey } from '@pulse/contract'
import { expect, test } from 'vitest'
import { keyOfName, keyState, roughly, whenEnds } from './words.ts'

const DAY = 86_400_000
const now = Date.parse('2026-11-24T12:00:00.000Z')
const at = (ms: number) => new Date(now + ms).toISOString()

test('a distance is said in one unit that fits it', () => {
  expect(roughly(20_000)).toBe('less than a minute')
  expect(roughly(40 * 60_000)).toBe('40 minutes')
  expect(roughly(3 * 3_600_000)).toBe('3 hours')
  expect(roughly(30 * DAY)).toBe('30 days')
  expect(roughly(91 * DAY)).toBe('3 months')
  expect(roughly(365 * DAY)).toBe('12 months')
  expect(roughly(735 * DAY)).toBe('2 years')
})

test('an end lies ahead or behind', () => {
  expect(whenEnds(at(91 * DAY), now)).toBe('in 3 months')
  expect(whenEnds(at(-2 * DAY), now)).toBe('2 days ago')
  expect(whenEnds(at(-3_600_000), now)).toBe('1 hour ago')
})

test('a key suggests itself from a name', () => {
  expect(keyOfName('Night shift, Döbeln')).toBe('night-shift-dobeln')
  expect(keyOfName('  ')).toBe('')
  expect(keyOfName(`${'a'.repeat(62)} b`)).toBe('a'.repeat(62))
})

test('a key ends soon in its last 14 days, and a revoked one is revoked whatever its end', () => {
  const key: ApiKey = {
    id: '0123456789abcdef',
    name: 'grafana',
    permissions: ['device.read'],
    createdAt: at(-DAY),
    createdBy: 'Ana',
    expiresAt: at(30 * DAY),
    lastUsedAt: null,
    revokedAt: null,
  }
  expect(keyState(key, now)).toBe('in force')
  expect(keyState({ ...key, expiresAt: at(13 * DAY) }, now)).toBe('ends soon')
  expect(keyState({ ...key, expiresAt: at(0) }, now)).toBe('expired')
  expect(keyState({ ...key, revokedAt: at(-1) }, now)).toBe('revoked')
})
