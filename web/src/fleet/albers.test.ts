import { describe, expect, it } from 'vitest'
import { project } from './albers.ts'

describe('project', () => {
  it('places a corner where us-atlas draws them', () => {
    // The south-west corner of Colorado, read from the projected atlas.
    const corner = project(36.999, -109.045)
    expect(corner?.x).toBeCloseTo(264.64, 1)
    expect(corner?.y).toBeCloseTo(327.96, 1)
  })

  it('refuses what lies outside of the 48 states', () => {
    expect(project(61.2, -149.9)).toBeUndefined()
    expect(project(48.1, 11.6)).toBeUndefined()
  })
})
