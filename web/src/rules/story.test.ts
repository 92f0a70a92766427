import type { AlertDetail, DeliverySummary } from '@pulse/contract'
import { describe, expect, it } from 'vitest'
import { deliveryWords, plotRange, storyOf } from './story.ts'

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 16, 0, second)).toISOString()

const delivery: DeliverySummary = {
  id: 'dl_1',
  destination: 'noc',
  destinationName: 'NOC',
  event: 'rules.alert-opened',
  alert: 'al_1',
  device: 'ups-1' as DeliverySummary['device'],
  title: 'overheating',
  state: 'delivered',
  attempts: 1,
  createdAt: at(10),
  settledAt: new Date(Date.parse(at(10)) + 84).toISOString(),
  nextAttemptAt: null,
  lastStatus: 200,
  lastError: null,
}

const alert: AlertDetail = {
  id: 'al_1',
  rule: 'overheat',
  ruleVersion: 1,
  title: 'overheating',
  severity: 'critical',
  device: delivery.device,
  deviceName: 'UPS 1',
  site: null,
  state: 'acknowledged',
  openedAt: at(10),
  clearedAt: null,
  acknowledgedAt: at(20),
  acknowledgedBy: 'M. Ortiz',
  reason: 'internalTemp stayed above 36 for 2 min.',
  values: { internalTemp: 39.1 },
  trace: [
    {
      at: at(0),
      trigger: 'message',
      from: 'idle',
      to: 'pending',
      text: 'crossed 36',
      values: { load: 3, internalTemp: 36.2 },
    },
    { at: at(10), trigger: 'timer', from: 'pending', to: 'open', text: 'opened', values: {} },
  ],
  deliveries: [delivery],
  plot: { metric: 'internalTemp', limits: [] },
  timesIn90Days: 1,
}

describe('the story of an alert', () => {
  it('tells evaluation, delivery and people in the order of time', () => {
    expect(storyOf(alert).map((line) => line.text)).toEqual([
      'crossed 36',
      'opened',
      'NOC: alert delivered in 84 ms',
      'M. Ortiz acknowledged it',
    ])
  })

  it('tells of the acknowledgement once', () => {
    const step = {
      at: at(20),
      trigger: 'command' as const,
      from: 'open',
      to: 'open',
      text: 'M. Ortiz acknowledged it',
      values: {},
    }
    const lines = storyOf({ ...alert, trace: [...alert.trace, step] })
    expect(lines.filter(({ text }) => text.includes('acknowledged'))).toHaveLength(1)
  })

  it('shows the value of the metric that is plotted', () => {
    expect(storyOf(alert)[0]?.value).toBe(36.2)
  })

  it('tells of the clearing once', () => {
    const step = {
      at: at(30),
      trigger: 'message' as const,
      from: 'open',
      to: 'idle',
      text: 'back below 32',
      values: {},
    }
    const told = { ...alert, clearedAt: at(30), trace: [...alert.trace, step] }
    const untold = { ...alert, clearedAt: at(30) }
    expect(storyOf(told).at(-1)?.text).toBe('back below 32')
    expect(storyOf(untold).at(-1)?.text).toBe('cleared')
  })

  it('says why a delivery was given up', () => {
    const dead = {
      ...delivery,
      state: 'dead' as const,
      attempts: 8,
      lastError: 'connection refused',
    }
    expect(deliveryWords(dead)).toBe('alert given up after 8 attempts: connection refused')
  })

  it('is plotted from before its first step to now', () => {
    const now = Date.parse(at(59))
    const range = plotRange(alert, now)
    expect(range.from).toBeLessThan(Date.parse(at(0)))
    expect(range.to).toBe(now)
  })
})
