import type { Alert, Severity } from '@pulse/contract'
import { describe, expect, it } from 'vitest'
import { groupBySite } from './group-alerts.ts'

const alert = (id: string, severity: Severity, site: string | null, minute: number) =>
  ({
    id,
    severity,
    site,
    openedAt: new Date(Date.UTC(2026, 10, 24, 12, minute)).toISOString(),
  }) as Alert

describe('alerts by site', () => {
  it('begin with the site of the worst alert', () => {
    const groups = groupBySite([
      alert('a', 'warning', 'reno', 5),
      alert('b', 'critical', 'dallas', 1),
      alert('c', 'info', 'dallas', 9),
    ])
    expect(groups.map((group) => group.site)).toEqual(['dallas', 'reno'])
    expect(groups[0]?.alerts.map((each) => each.id)).toEqual(['b', 'c'])
  })

  it('keep those without a site together', () => {
    const groups = groupBySite([alert('a', 'info', null, 1), alert('b', 'info', null, 2)])
    expect(groups.map((group) => group.alerts.map((each) => each.id))).toEqual([['b', 'a']])
  })

  it('tell since when the first of them is open', () => {
    const [group] = groupBySite([alert('a', 'info', 'x', 7), alert('b', 'critical', 'x', 9)])
    expect(group?.since).toBe(Date.UTC(2026, 10, 24, 12, 7))
  })
})
