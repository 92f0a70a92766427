import { expect, test } from 'vitest'
import { formatBytes } from './words.ts'

test('bytes are said in the unit that fits them', () => {
  expect(formatBytes(0)).toBe('0 bytes')
  expect(formatBytes(999)).toBe('999 bytes')
  expect(formatBytes(1000)).toBe('1.0 KB')
  expect(formatBytes(12_440_000)).toBe('12.4 MB')
  expect(formatBytes(740_000_000)).toBe('740 MB')
  expect(formatBytes(5e15)).toBe('5000 TB')
})
