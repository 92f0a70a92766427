import {
  deviceType,
  newDestination,
  newDevice,
  parseQuery,
  ruleDocument,
  site,
} from '@pulse/contract'
import { describe, expect, test } from 'vitest'
import { createSampler } from './models.ts'
import { demoFleet } from './plan.ts'
import { createRandom } from './random.ts'

const { sites, deviceTypes, devices, rules, destination } = demoFleet

describe('the plan', () => {
  test('fits the contract', () => {
    for (const each of sites) site.parse(each)
    for (const each of deviceTypes) deviceType.parse(each)
    for (const each of devices) newDevice.parse(each)
    for (const each of rules) expect(ruleDocument.parse(each)).toEqual(each)
    newDestination.parse({ ...destination, url: 'http://127.0.0.1:1/' })
  })

  test('has thirty devices on three sites, each key once', () => {
    expect(devices).toHaveLength(30)
    expect(sites).toHaveLength(3)
    for (const named of [sites, deviceTypes, devices, rules]) {
      expect(new Set(named.map(({ key }) => key)).size).toBe(named.length)
    }
  })

  test('names sites, types, destinations and selectors that exist', () => {
    for (const { site: where, type } of devices) {
      expect(sites.map(({ key }) => key)).toContain(where)
      expect(deviceTypes.map(({ key }) => key)).toContain(type)
    }
    for (const { notify, selector } of rules) {
      expect(notify).toEqual([destination.key])
      parseQuery(selector)
    }
  })

  test.for(['ups', 'rack', 'gateway', 'environment', 'meter'])(
    'declares just what a device of type %s reports',
    (type) => {
      const sample = createSampler(type, createRandom('plan'))
      const reported = sample?.({ atMs: 0, dtS: 1, faults: new Set(), queued: 0 }) ?? {}
      const declared = deviceTypes.find(({ key }) => key === type)?.metrics ?? []
      expect(Object.keys(reported)).toEqual(declared.map(({ name }) => name))
    },
  )

  test('watches only metrics that the selected type declares', () => {
    for (const rule of rules) {
      if (rule.kind !== 'threshold') continue
      const type = deviceTypes.find(({ key }) => rule.selector === `type:${key}`)
      const names = [...`${rule.when} ${rule.clear}`.matchAll(/metrics\.(\w+)/g)]
      for (const [, name] of names) expect(type?.metrics.map((each) => each.name)).toContain(name)
    }
  })
})
