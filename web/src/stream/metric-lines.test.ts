import type { DeviceDetail, DeviceType } from '@pulse/contract'
import { describe, expect, it } from 'vitest'
import { lineOf, metricsOf, unitOf } from './metric-lines.ts'

const type: DeviceType = {
  key: 'ups',
  name: 'UPS',
  staleAfterS: 30,
  offlineAfterS: 60,
  metrics: [
    { name: 'tempC', title: 'Temperature', unit: '°C' },
    { name: 'loadPct', title: 'Load', unit: '%' },
  ],
}
const latest = (value: number | boolean | string) => ({ value, at: '2026-11-24T12:00:00.000Z' })
const device: Pick<DeviceDetail, 'metrics'> = {
  metrics: { tempC: latest(21), zeta: latest(1), door: latest(true), mode: latest('eco') },
}

describe('the metrics of a device', () => {
  it('begin with the declared ones, and leave out what is text', () => {
    const names = metricsOf(device, type).map((info) => info.name)
    expect(names).toEqual(['tempC', 'loadPct', 'door', 'zeta'])
  })

  it('know title, unit and whether they are on and off', () => {
    const [temperature, , door] = metricsOf(device, type)
    expect(temperature).toMatchObject({ title: 'Temperature', unit: '°C', boolean: false })
    expect(door).toMatchObject({ title: 'door', unit: undefined, boolean: true })
  })

  it('are drawn without points before the answer is there', () => {
    const [temperature] = metricsOf(device, type)
    if (!temperature) throw new Error('no metric')
    expect(lineOf(temperature, []).series.t).toEqual([])
  })
})

describe('the unit of a metric', () => {
  const other = { ...type, metrics: [{ name: 'tempC', title: 'T', unit: '°F' }] }

  it('is that of the types that declare it', () => {
    expect(unitOf(new Map([['ups', type]]), 'metrics.tempC')).toBe('°C')
  })

  it('is left out where types differ, or none declares it', () => {
    const types = new Map([
      ['ups', type],
      ['rack', other],
    ])
    expect(unitOf(types, 'tempC')).toBeUndefined()
    expect(unitOf(types, 'nothing')).toBeUndefined()
  })
})
