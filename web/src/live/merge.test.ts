import type { DeviceKey, DeviceRow, DevicesAnswer } from '@pulse/contract'
import { QueryClient } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { mergeEvents } from './merge.ts'

const row = (key: string): DeviceRow => ({
  key: key as DeviceKey,
  name: key,
  type: 'ups',
  site: null,
  tags: {},
  status: 'online',
  lastMessageAt: null,
  firmware: null,
  alerts: { critical: 0, warning: 0, info: 0 },
  worstAlert: null,
  reading: null,
})

const listOf = (...items: DeviceRow[]): DevicesAnswer => ({
  items,
  matched: items.length,
  total: items.length,
  tookMs: 1,
})

describe('mergeEvents', () => {
  it('patches rows in place and leaves the others as they are', () => {
    const client = new QueryClient()
    const [a, b] = [row('a'), row('b')]
    client.setQueryData(['devices', ''], { pages: [listOf(a, b)], pageParams: [undefined] })
    const outdated = mergeEvents(client, [
      { type: 'devices', data: [{ key: 'b' as DeviceKey, status: 'offline' }] },
    ])
    const list = client.getQueryData<{ pages: DevicesAnswer[] }>(['devices', ''])
    expect(list?.pages[0]?.items.map((each) => each.status)).toEqual(['online', 'offline'])
    expect(list?.pages[0]?.items[0]).toBe(a)
    expect(outdated).toContain('facets')
  })

  it('lets the last of several patches win and keeps absent fields', () => {
    const client = new QueryClient()
    client.setQueryData(['devices', ''], listOf(row('a')))
    const key = 'a' as DeviceKey
    mergeEvents(client, [
      { type: 'devices', data: [{ key, status: 'stale' }] },
      { type: 'devices', data: [{ key, lastMessageAt: '2026-01-01T00:00:00.000Z' }] },
    ])
    const [patched] = client.getQueryData<DevicesAnswer>(['devices', ''])?.items ?? []
    expect(patched).toMatchObject({ status: 'stale', lastMessageAt: '2026-01-01T00:00:00.000Z' })
  })

  it('names the lists that an alert may have changed', () => {
    const outdated = mergeEvents(new QueryClient(), [{ type: 'gap', data: { dropped: 3 } }])
    expect([...outdated]).toEqual(['devices'])
  })
})
