import type { OperatorTenant } from '@pulse/contract'
import { expect, test } from 'vitest'
import { formatAbout, formatShare, sortTenants } from './words.ts'

const tenant = (key: string, facts: Partial<OperatorTenant>): OperatorTenant => ({
  key,
  name: key,
  state: 'active',
  suspendedFor: null,
  deleteAfter: null,
  region: 'us-west-2',
  cell: 'a',
  createdAt: '2026-11-24T12:00:00.000Z',
  devices: 0,
  online: 0,
  people: 0,
  retentionDays: 30,
  openAlerts: 0,
  messagesPerSecond: 0,
  messagesByHour: [],
  storedMessages: 0,
  deadLetters: 0,
  rejectionsLastHour: 0,
  ...facts,
})

test('a share is 100 % only when nothing is missing', () => {
  expect(formatShare(1)).toBe('100 %')
  expect(formatShare(0.99999)).toBe('99.9 %')
  expect(formatShare(0.5)).toBe('50 %')
  expect(formatShare(undefined)).toBe('—')
})

test('a large count is about', () => {
  expect(formatAbout(1_234_567)).toBe('1.2M')
  expect(formatAbout(840)).toBe('840')
})

test('tenants sort by a column both ways, and without devices last in health', () => {
  const all = [
    tenant('b', { devices: 2, online: 1 }),
    tenant('a', { devices: 0 }),
    tenant('c', { devices: 4, online: 4 }),
  ]
  const keys = (sort: string) => sortTenants(all, sort).map(({ key }) => key)
  expect(keys('name')).toEqual(['a', 'b', 'c'])
  expect(keys('-devices')).toEqual(['c', 'b', 'a'])
  expect(keys('online')).toEqual(['b', 'c', 'a'])
  expect(keys('nonsense')).toEqual(['a', 'b', 'c'])
})
