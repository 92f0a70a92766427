import type { Rejection, StoredMessage } from '@pulse/contract'
import { describe, expect, it } from 'vitest'
import { filterTail, tailLines } from './tail-lines.ts'

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 12, 0, second)).toISOString()
const message = (id: string, second: number) =>
  ({
    id,
    kind: 'telemetry',
    ts: at(0),
    receivedAt: at(second),
    data: { tempC: second },
  }) as unknown as StoredMessage
const rejection = (id: string, second: number) =>
  ({ id, at: at(second), code: 'connect.schema', message: 'no Metrics' }) as Rejection

describe('the lines of a live tail', () => {
  it('mix what was stored and what was refused, the newest arrival first', () => {
    const lines = tailLines([message('a', 1), message('b', 5)], [rejection('r', 3)])
    expect(lines.map((line) => line.kind)).toEqual(['stored', 'refused', 'stored'])
    expect(lines[0]?.key).toContain('b')
  })

  it('are found by any text in them, whatever its case', () => {
    const lines = tailLines([message('a', 1)], [rejection('r', 3)])
    expect(filterTail(lines, 'TEMPC').map((line) => line.kind)).toEqual(['stored'])
    expect(filterTail(lines, ' no metrics ').map((line) => line.kind)).toEqual(['refused'])
    expect(filterTail(lines, ' ')).toHaveLength(2)
  })
})
