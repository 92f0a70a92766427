import type { Timeline } from '@pulse/contract'
import { describe, expect, it } from 'vitest'
import { laneNames, lanesOf, spansOf } from './timeline-lanes.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 10, 24, 12, minute)).toISOString()
const timeline: Timeline = {
  presence: [
    { from: at(0), to: at(10), status: 'online' },
    { from: at(10), to: null, status: 'offline' },
  ],
  alerts: [{ id: 'al_1', rule: 'hot', title: 'hot', severity: 'critical', from: at(3), to: null }],
  commands: [{ id: 'cm_1', name: 'reboot', at: at(4), state: 'expired' }],
  deliveries: [{ id: 'dl_1', at: at(5), event: 'rules.alert-opened', state: 'dead' }],
  events: [{ at: at(6), name: 'door', severity: null, message: 'opened' }],
}

describe('the lanes of a timeline', () => {
  it('stand in one order, also before the answer is there', () => {
    expect(lanesOf(undefined).map((lane) => lane.name)).toEqual([...laneNames])
  })

  it('leave what goes on without an end', () => {
    const [presence] = lanesOf(timeline)
    expect(presence?.items.map((item) => item.to)).toEqual([Date.parse(at(10)), null])
    expect(presence?.items[1]?.title).toMatch(/^Offline since /)
  })

  it('lead to the alert and to the delivery', () => {
    const links = lanesOf(timeline).flatMap((lane) => lane.items.map((item) => item.href))
    expect(links.filter(Boolean)).toEqual(['/alerts/al_1', '/deliveries/dl_1'])
  })

  it('show by colour what went wrong', () => {
    const tones = lanesOf(timeline).map((lane) => lane.items.at(-1)?.tone)
    expect(tones).toEqual(['offline', 'critical', 'neutral', 'warning', 'critical'])
  })

  it('give the alerts as spans for the chart', () => {
    expect(spansOf(timeline)).toEqual([{ from: Date.parse(at(3)), to: null, severity: 'critical' }])
  })
})
