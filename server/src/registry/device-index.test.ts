import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { asPipeline, inTenant, type PipelineSql } from '#platform'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import type { Act } from './act.ts'
import { patchIndex } from './device-index.ts'
import type { Registry } from './registry.ts'
import { aDevice, startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
let pipeline: PipelineSql
let base: { tenant: number; device: number }
let key: string
let next = 0

beforeAll(async () => {
  db = await testDatabase()
  ;({ registry, demo, other } = await testRegistry(db))
  pipeline = asPipeline(db.as('pulse_pipeline'))
})
beforeEach(async () => {
  key = `d-${next++}`
  const { id } = await registry.devices.registerDevice(demo, aDevice(key))
  base = { tenant: demo.tenant, device: id }
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

const row = () => registry.search.device(demo.tenant, key)
const heard = async () => Date.parse((await row()).lastMessageAt ?? '')

describe('patchIndex', () => {
  test('changes what is named, clears what is null, and leaves the rest', async () => {
    await patchIndex(pipeline, [
      {
        ...base,
        status: 'online',
        lastMessageAt: startMs,
        firmware: '2.1',
        alerts: { critical: 1, warning: 0, info: 0 },
        worstAlert: { title: 'Hot', severity: 'critical' },
        reading: { metric: 'mode', value: 'eco' },
      },
    ])
    expect(await row()).toMatchObject({
      status: 'online',
      firmware: '2.1',
      worstAlert: { title: 'Hot', severity: 'critical' },
      reading: { metric: 'mode', value: 'eco' },
    })
    await patchIndex(pipeline, [
      {
        ...base,
        alerts: { critical: 0, warning: 0, info: 0 },
        worstAlert: null,
        firmware: undefined,
      },
    ])
    expect(await row()).toMatchObject({
      status: 'online',
      firmware: '2.1',
      alerts: { critical: 0 },
      worstAlert: null,
      reading: { metric: 'mode', value: 'eco' },
    })
  })

  test.each([false, 0, 1.5, ''])('keeps the reading %j as it is', async (value) => {
    await patchIndex(pipeline, [{ ...base, reading: { metric: 'm', value } }])
    expect((await row()).reading).toEqual({ metric: 'm', value })
  })

  test('lets later patches of a device win, field by field', async () => {
    await patchIndex(pipeline, [
      { ...base, status: 'online', firmware: '1' },
      { ...base, status: 'stale' },
      { ...base, status: undefined },
    ])
    expect(await row()).toMatchObject({ status: 'stale', firmware: '1' })
  })

  test('moves the last message only forward, and by half a minute at least when nothing else changes', async () => {
    await patchIndex(pipeline, [{ ...base, lastMessageAt: startMs + 0.7 }])
    expect(await heard()).toBe(startMs)
    await patchIndex(pipeline, [{ ...base, lastMessageAt: startMs + 29_999 }])
    expect(await heard()).toBe(startMs)
    await patchIndex(pipeline, [{ ...base, lastMessageAt: startMs + 30_000 }])
    expect(await heard()).toBe(startMs + 30_000)
    await patchIndex(pipeline, [{ ...base, lastMessageAt: startMs, status: 'offline' }])
    expect(await heard()).toBe(startMs + 30_000)
    await patchIndex(pipeline, [{ ...base, lastMessageAt: startMs + 30_001, status: 'online' }])
    expect(await heard()).toBe(startMs + 30_001)
  })

  test('leaves unknown devices out, and those of another tenant', async () => {
    await patchIndex(pipeline, [
      { tenant: demo.tenant, device: 999_999, status: 'online' },
      { tenant: other.tenant, device: base.device, status: 'online' },
    ])
    await inTenant(db.as('pulse_app'), other.tenant, (sql) =>
      patchIndex(sql, [{ ...base, status: 'online' }]),
    )
    expect((await row()).status).toBe('never')
  })
})
