import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asPipeline, connect, inTenant, manualClock, PulseError } from '#platform'
import { type TestDatabase, testDatabase, testLog, testTokens } from '../testing/index.ts'
import type { Act } from './act.ts'
import type { DeviceSort } from './cursor.ts'
import { patchIndex } from './device-index.ts'
import { createRegistry, type Registry } from './registry.ts'
import { aDevice, startMs, testRegistry } from './test-registry.ts'

let db: TestDatabase
let registry: Registry
let demo: Act
let other: Act
const hour = 3_600_000

beforeAll(async () => {
  db = await testDatabase()
  ;({ registry, demo, other } = await testRegistry(db, manualClock(startMs)))
  const ids = await registry.devices.registerDevices(demo, [
    aDevice('ups-0001', {
      name: 'Rack A UPS',
      site: 'dal-2',
      tags: { env: 'prod', owner: 'Ops Team' },
    }),
    aDevice('ups-0002', { name: 'Rack B UPS', site: 'dal-2', tags: { env: 'dev' } }),
    aDevice('ups-0010', { name: 'Spare', site: 'muc' }),
    aDevice('GW:7', { name: 'Gateway 7', type: 'gateway', tags: { env: 'production' } }),
    aDevice('quiet', { name: "O'Brien; drop table" }),
  ])
  await registry.devices.registerDevices(other, [
    aDevice('ups-0001', { name: 'Rack A of others', site: 'dal-2' }),
  ])
  const id = (key: string) => ids.get(key) as number
  const none = { critical: 0, warning: 0, info: 0 }
  const patch = (key: string) => ({ tenant: demo.tenant, device: id(key) })
  await patchIndex(asPipeline(db.as('pulse_pipeline')), [
    { ...patch('ups-0001'), status: 'online', lastMessageAt: startMs - 1000, firmware: '2.10.0' },
    {
      ...patch('ups-0001'),
      alerts: { ...none, critical: 1 },
      worstAlert: { title: 'Hot', severity: 'critical' },
    },
    { ...patch('ups-0002'), status: 'offline', lastMessageAt: startMs - 2 * hour, firmware: '2.9' },
    { ...patch('ups-0002'), alerts: { ...none, warning: 2, info: 1 } },
    {
      ...patch('ups-0010'),
      status: 'stale',
      lastMessageAt: startMs - hour / 2,
      alerts: { ...none, info: 1 },
    },
    { ...patch('GW:7'), status: 'online', lastMessageAt: startMs - 5000, firmware: '2.10-rc1' },
  ])
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})

const find = async (q: string, sort: DeviceSort = 'key') =>
  (await registry.search.devices(demo.tenant, { q, sort, limit: 50 })).items.map(
    ({ key }) => key as string,
  )

describe('searching the fleet', () => {
  test.each<[string, string[]]>([
    ['', ['GW:7', 'quiet', 'ups-0001', 'ups-0002', 'ups-0010']],
    ['key:ups-0001', ['ups-0001']],
    ['key:UPS-00*', ['ups-0001', 'ups-0002', 'ups-0010']],
    ['key:gw:7', ['GW:7']],
    ['name:"rack a ups"', ['ups-0001']],
    ['name:rack*', ['ups-0001', 'ups-0002']],
    ['type:gateway', ['GW:7']],
    ['type:g*', ['GW:7']],
    ['site:dal-2', ['ups-0001', 'ups-0002']],
    ['site:"Dallas 2"', ['ups-0001', 'ups-0002']],
    ['site:münchen', ['ups-0010']],
    ['-site:dal-2', ['GW:7', 'quiet', 'ups-0010']],
    ['status:offline', ['ups-0002']],
    ['status:never', ['quiet']],
    ['tag.env:prod', ['ups-0001']],
    ['tag.env:prod*', ['GW:7', 'ups-0001']],
    ['tag.owner:"ops team"', ['ups-0001']],
    ['not tag.env:*', ['quiet', 'ups-0010']],
    ['firmware:2.10', ['ups-0001']],
    ['firmware:2.10*', ['GW:7', 'ups-0001']],
    ['firmware>2.9', ['GW:7', 'ups-0001']],
    ['firmware<2.10', ['GW:7', 'ups-0002']],
    ['alert:critical', ['ups-0001']],
    ['alert:info', ['ups-0002', 'ups-0010']],
    ['alert>=warning', ['ups-0001', 'ups-0002']],
    ['alert>warning', ['ups-0001']],
    ['alert>critical', []],
    ['alert:none', ['GW:7', 'quiet']],
    ['alert:any', ['ups-0001', 'ups-0002', 'ups-0010']],
    ['lastSeen<-1h', ['ups-0002']],
    ['lastSeen>-60m', ['GW:7', 'ups-0001', 'ups-0010']],
    ['lastSeen<-0d', ['GW:7', 'ups-0001', 'ups-0002', 'ups-0010']],
    ['rack', ['ups-0001', 'ups-0002']],
    ['ra b', ['ups-0002']],
    ['0010', ['ups-0010']],
    ['ups-001', ['ups-0010']],
    ["o'brien", ['quiet']],
    ['status:online or status:stale site:muc', ['GW:7', 'ups-0001', 'ups-0010']],
    ['(status:online or status:offline) type:ups -alert:critical', ['ups-0002']],
    ['name:"\'; drop table registry.device; --"', []],
    ['50% _', []],
  ])('%s', async (q, keys) => {
    expect(await find(q)).toEqual(keys)
  })

  test.each([
    ['status:broken', 'At character 1:'],
    ['a color:red', 'At character 3:'],
    ['lastSeen:1h', 'lastSeen takes a comparison'],
    ['lastSeen<tomorrow', 'lastSeen takes a comparison'],
    ['name<a', 'compared with ":" only'],
    ['alert<warning', 'compared with'],
    ['alert:bad', 'there is no severity'],
    ['(a', 'parenthesis'],
    ['constructor:a', 'there is no field'],
    ['name:"\0"', 'null character'],
  ])('refuses %s and says why', async (q, detail) => {
    const refusal = await find(q).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(PulseError)
    expect((refusal as PulseError).code).toBe('registry.bad-query')
    expect((refusal as PulseError).detail).toContain(detail)
  })

  test('answers any readable query with devices or a refusal, never a fault', async () => {
    const field = fc.constantFrom(
      'key',
      'name',
      'type',
      'site',
      'status',
      'firmware',
      'tag.env',
      'alert',
      'lastSeen',
      'text',
    )
    const value = fc.oneof(
      fc.constantFrom('*', '', 'online', '-1h', '2.1', 'critical', '%', '\\'),
      fc.string(),
    )
    const text = fc.tuple(fc.constantFrom('', '-'), field, fc.constantFrom(':', '<', '>='), value)
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 4 }), async (terms) => {
        const q = terms
          .map(([not, name, cmp, raw]) => `${not}${name}${cmp}${JSON.stringify(raw)}`)
          .join(' or ')
        await find(q).catch((error: unknown) =>
          expect(error).toMatchObject({ code: 'registry.bad-query' }),
        )
      }),
      { numRuns: 100 },
    )
  })

  test.each<[DeviceSort, string[]]>([
    ['-key', ['ups-0010', 'ups-0002', 'ups-0001', 'quiet', 'GW:7']],
    ['lastMessage', ['quiet', 'ups-0002', 'ups-0010', 'GW:7', 'ups-0001']],
    ['-lastMessage', ['ups-0001', 'GW:7', 'ups-0010', 'ups-0002', 'quiet']],
    ['alerts', ['ups-0001', 'ups-0002', 'ups-0010', 'GW:7', 'quiet']],
  ])('sorts by %s', async (sort, keys) => {
    expect(await find('', sort)).toEqual(keys)
  })

  test('shows what lists need of a device', async () => {
    const { items, matched, total } = await registry.search.devices(demo.tenant, {
      q: 'key:ups-0001',
      sort: 'key',
      limit: 5,
    })
    expect(items[0]).toMatchObject({
      name: 'Rack A UPS',
      site: 'dal-2',
      tags: { env: 'prod', owner: 'Ops Team' },
      lastMessageAt: '2026-11-23T19:59:59.000Z',
      firmware: '2.10.0',
      alerts: { critical: 1, warning: 0, info: 0 },
      worstAlert: { title: 'Hot', severity: 'critical' },
    })
    expect([matched, total]).toEqual([1, 5])
  })

  test('counts each value of each facet among what matches', async () => {
    const facets = await registry.search.facets(demo.tenant, 'type:ups')
    expect(facets.status).toEqual([
      { value: 'never', label: 'never', count: 1 },
      { value: 'offline', label: 'offline', count: 1 },
      { value: 'online', label: 'online', count: 1 },
      { value: 'stale', label: 'stale', count: 1 },
    ])
    expect(facets.site).toEqual([
      { value: 'dal-2', label: 'Dallas 2', count: 2 },
      { value: 'muc', label: 'MÜNCHEN', count: 1 },
    ])
    expect(facets.type).toEqual([{ value: 'ups', label: 'UPS', count: 4 }])
    expect(Object.fromEntries(facets.alerts.map(({ value, count }) => [value, count]))).toEqual({
      critical: 1,
      warning: 1,
      info: 2,
      none: 1,
    })
  })

  test('shows nothing of another tenant, on a connection that it used before', async () => {
    const one = connect(db.facts('pulse_app'), 'pulse_app', { max: 1, name: 'one' })
    const shared = createRegistry({
      app: one,
      pipeline: asPipeline(db.as('pulse_pipeline')),
      clock: manualClock(startMs),
      log: testLog,
      identity: testTokens(startMs),
    })
    try {
      const names = async (tenant: number) =>
        (await shared.search.devices(tenant, { q: 'rack', sort: 'key', limit: 9 })).items.map(
          ({ name }) => name,
        )
      expect(await names(demo.tenant)).toEqual(['Rack A UPS', 'Rack B UPS'])
      expect(await names(other.tenant)).toEqual(['Rack A of others'])
      expect((await shared.search.facets(other.tenant, '')).status).toEqual([
        { value: 'never', label: 'never', count: 1 },
      ])
      await expect(one`select * from registry.device_index`).rejects.toMatchObject({
        code: 'PT001',
      })
      await expect(
        inTenant(
          one,
          other.tenant,
          (sql) => sql`update registry.device_index set tenant = ${demo.tenant}`,
        ),
      ).rejects.toMatchObject({ code: '42501' })
    } finally {
      await shared.close()
      await one.end()
    }
  })
})

describe('paging', () => {
  const count = 253
  beforeAll(async () => {
    const drafts = Array.from({ length: count }, (_, index) =>
      aDevice(`p-${(index * 7919) % count}`, { tags: { page: 'yes' } }),
    )
    const ids = await registry.devices.registerDevices(demo, drafts)
    // Few distinct values, so that ties cross the borders of pages.
    await patchIndex(
      asPipeline(db.as('pulse_pipeline')),
      [...ids.values()]
        .filter((id) => id % 5 !== 0)
        .map((id) => ({
          tenant: demo.tenant,
          device: id,
          lastMessageAt: startMs - (id % 3) * 60_000 - 0.25,
          alerts: { critical: id % 2, warning: 0, info: 0 },
        })),
    )
  })

  test.each<DeviceSort>(['key', '-key', 'lastMessage', '-lastMessage', 'alerts'])(
    'by %s shows every device once, in order',
    async (sort) => {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await registry.search.devices(demo.tenant, {
          q: 'tag.page:yes',
          sort,
          limit: 20,
          cursor,
        })
        expect(page.matched).toBe(count)
        seen.push(...page.items.map(({ key }) => key as string))
        cursor = page.next
      } while (cursor)
      const whole = await registry.search.devices(demo.tenant, {
        q: 'tag.page:yes',
        sort,
        limit: 500,
      })
      expect(seen).toEqual(whole.items.map(({ key }) => key))
      expect(new Set(seen).size).toBe(count)
    },
  )

  test.each([
    'nonsense',
    Buffer.from('["key",1,null]').toString('base64url'),
    Buffer.from('["-key","a",null]').toString('base64url'),
  ])('refuses the cursor %s', async (cursor) => {
    await expect(
      registry.search.devices(demo.tenant, { q: '', sort: 'key', limit: 5, cursor }),
    ).rejects.toMatchObject({
      code: 'platform.invalid',
    })
  })
})
