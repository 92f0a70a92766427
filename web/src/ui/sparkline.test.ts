import { describe, expect, it } from 'vitest'
import { sparkPath } from './spark-path.ts'

describe('sparkPath', () => {
  it('draws a gap as a gap', () => {
    expect(sparkPath([1, 2, null, 2, 1], 42, 20).match(/M/g)).toHaveLength(2)
  })

  it('shows a lone value', () => {
    expect(sparkPath([null, 5, null], 42, 20)).toBe('M21.0 10.0h1.5')
  })

  it('draws nothing without values', () => {
    expect(sparkPath([null, null], 42, 20)).toBe('')
  })

  it('puts a flat line in the middle', () => {
    expect(sparkPath([3, 3], 42, 20)).toBe('M1.0 10.0L41.0 10.0')
  })
})
