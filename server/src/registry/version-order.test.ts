import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { versionOrder } from './version-order.ts'

describe('versionOrder', () => {
  test('sorts as versions do', () => {
    const rising = [
      'nightly',
      '0.9',
      '1.0',
      '2.0-alpha',
      '2.0-rc2',
      '2.0-rc10',
      '2.0',
      '2.0.1',
      '2.9',
      '2.10',
      '2.10.1',
      '10',
    ]
    const shuffled = [...rising].sort((a, b) => a.length - b.length || (a < b ? 1 : -1))
    expect(shuffled.sort((a, b) => (versionOrder(a) < versionOrder(b) ? -1 : 1))).toEqual(rising)
  })

  test.each([
    ['2', '2.0.0'],
    ['v2.1', '2.1'],
    ['2.1+build7', '2.1'],
    ['2.01', '2.1'],
  ])('takes %s and %s for one', (a, b) => {
    expect(versionOrder(a)).toBe(versionOrder(b))
  })

  test('sorts any two numbers as numbers', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (a, b) => {
        expect(versionOrder(`1.${a}`) < versionOrder(`1.${b}`)).toBe(a < b)
      }),
    )
  })
})
