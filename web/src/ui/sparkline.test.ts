import { describe, expect, it } from 'vitest'
import { sparkPath } from './spark-path.ts'

const box = { width: 42, height: 20 }

describe('sparkPath', () => {
  it('draws a gap as a gap', () => {
    expect(sparkPath([1, 2, null, 2, 1], box).match(/M/g)).toHaveLength(2)
  })

  it('keeps small changes of a rate small', () => {
    expect(sparkPath([10, 9], { ...box, fromZero: true })).toBe('M1.0 2.0L41.0 3.6')
  })

  it('does not blow a flicker up to the whole height', () => {
    expect(sparkPath([25, 25.125], box)).toBe('M1.0 10.8L41.0 9.2')
  })

  it('shows a lone value', () => {
    expect(sparkPath([null, 5, null], box)).toBe('M21.0 10.0h1.5')
  })

  it('draws nothing without values', () => {
    expect(sparkPath([null, null], box)).toBe('')
  })

  it('puts a flat line in the middle', () => {
    expect(sparkPath([3, 3], box)).toBe('M1.0 10.0L41.0 10.0')
  })
})
