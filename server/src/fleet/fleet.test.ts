import type { Alert, DeviceKey, EventDraft } from '@pulse/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  asPipeline,
  createShell,
  emit,
  type ManualClock,
  manualClock,
  type PipelineSql,
  type Shell,
  systemClock,
} from '#platform'
import { type Act, createRegistry, patchIndex, type Registry } from '#registry'
import { readSparks } from '#stream'
import { type TestDatabase, testDatabase, testLog, testTokens } from '../testing/index.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { fleetRoutes } from './routes.ts'
import { startSampler } from './sampler.ts'
import type { FleetSources } from './sources.ts'

const minute = 60_000
// Of today, since audit rows have the database's own time.
const startMs = Math.floor(systemClock.now() / minute) * minute
const actor = { kind: 'system', id: 'test' } as const
const at = (ms: number) => new Date(ms).toISOString()

let db: TestDatabase
let clock: ManualClock
let pipeline: PipelineSql
let registry: Registry
let fleet: Fleet
let shell: Shell
let demo: Act
let ids: ReadonlyMap<string, number>
let bearer: string

const alertOf = (facts: Partial<Alert>): Alert => ({
  id: 'al_01939d3e-0000-7000-8000-000000000001',
  rule: 'hot',
  ruleVersion: 1,
  title: 'Hot',
  severity: 'critical',
  device: 'ups-1' as DeviceKey,
  deviceName: 'UPS 1',
  site: 'dal',
  state: 'open',
  openedAt: at(startMs - 10 * minute),
  clearedAt: null,
  acknowledgedAt: null,
  acknowledgedBy: null,
  reason: 'tempC was 40',
  values: { tempC: 40 },
  ...facts,
})

const traffic = { messages: 0, refused: 0 }
const stats = { settled: 0, succeeded: 0 }
/** What the modules below would say; what matters to a test is set in it. */
const sources: FleetSources = {
  live: (id) =>
    id === ids.get('ups-1')
      ? { lastMessageAt: startMs - 1, reading: { metric: 'tempC', value: 21 }, firmware: '2.1' }
      : undefined,
  detail: () => ({
    session: {
      connected: true,
      since: at(startMs),
      protocol: 'MQTT 5',
      clientId: 'c',
      address: '::1',
    },
    newestAt: at(startMs),
    metrics: { tempC: { value: 21, at: at(startMs) } },
    lastStatus: null,
    counters: { messages: 7, gaps: 0, late: 0 },
  }),
  presence: async () => [{ from: at(startMs - minute), to: null, status: 'online' }],
  events: async () => [],
  sparks: readSparks,
  openAlerts: async () => [alertOf({})],
  alerts: async () => [
    alertOf({}),
    alertOf({
      openedAt: at(startMs - 50 * minute),
      clearedAt: at(startMs - 40 * minute),
      title: 'Before',
    }),
    alertOf({ openedAt: at(startMs + 50 * minute), title: 'After' }),
  ],
  commands: async () => [],
  refusedLastHour: async () => 3,
  perSecond: () => 412,
  traffic: () => ({ ...traffic }),
  deliveries: async () => [],
  deliveryStats: async () => ({ ...stats, p99Ms: 92, deadLetters: 1 }),
}

beforeAll(async () => {
  db = await testDatabase()
  clock = manualClock(startMs)
  pipeline = asPipeline(db.as('pulse_pipeline'))
  const app = db.as('pulse_app')
  const tokens = testTokens(startMs)
  registry = createRegistry({ app, pipeline, clock, log: testLog, identity: tokens })
  const { id: tenant } = await registry.tenants.createTenant({ key: 'demo', name: 'Demo' }, actor)
  demo = { tenant, actor }
  await registry.devices.registerSite(demo, { key: 'dal', name: 'Dallas', lat: 32, lon: -96 })
  await registry.devices.registerType(demo, {
    key: 'ups',
    name: 'UPS',
    staleAfterS: 60,
    offlineAfterS: 120,
    metrics: [{ name: 'tempC', title: 'Temperature' }],
  })
  const { id: ada } = await registry.people.createPerson(
    tenant,
    { username: 'ada', name: 'Ada L.', password: 'secret', role: 'viewer' },
    actor,
  )
  ids = await registry.devices.registerDevices(demo, [
    { key: 'ups-1', name: 'UPS 1', type: 'ups', site: 'dal' },
    { key: 'ups-2', name: 'UPS 2', type: 'ups' },
  ])
  await patchIndex(pipeline, [
    {
      tenant,
      device: ids.get('ups-1') as number,
      status: 'online',
      lastMessageAt: startMs - 20_000,
      alerts: { critical: 1, warning: 2, info: 0 },
    },
  ])
  fleet = createFleet({ app, clock, registry, sources })
  shell = await createShell({
    log: testLog,
    version: 'test',
    authenticate: registry.people.authenticate,
  })
  fleetRoutes(shell, fleet)
  bearer = tokens.issue({ issuer: 'embedded', subject: ada, claimed: undefined })
})
afterAll(async () => {
  await shell?.close()
  await registry?.close()
  await db?.drop()
})

const get = async (url: string) => {
  const answer = await shell.inject({ url, headers: { authorization: `Bearer ${bearer}` } })
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() }
}

describe('the fleet list', () => {
  test('shows what the heads know now over what the index heard', async () => {
    const { status, body } = await get('/v1/devices?q=type:ups&limit=1')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      matched: 2,
      total: 2,
      items: [
        {
          key: 'ups-1',
          status: 'online',
          lastMessageAt: at(startMs - 1),
          reading: { metric: 'tempC', value: 21 },
          firmware: '2.1',
          alerts: { critical: 1, warning: 2 },
        },
      ],
    })
    const next = await get(`/v1/devices?q=type:ups&limit=1&cursor=${String(body['next'])}`)
    expect(next.body).toMatchObject({
      items: [{ key: 'ups-2', status: 'never', lastMessageAt: null }],
    })
    expect(next.body['next']).toBeUndefined()
  })

  test('says where a query is wrong', async () => {
    expect(await get('/v1/devices?q=a%20colour:red')).toMatchObject({
      status: 400,
      body: { code: 'registry.bad-query', detail: expect.stringContaining('At character 3') },
    })
  })

  test('counts facets', async () => {
    expect((await get('/v1/devices/facets')).body).toMatchObject({
      site: [{ value: 'dal', label: 'Dallas', count: 1 }],
    })
  })

  test('draws a curve for each device that has a reading, and takes at most 100', async () => {
    expect((await get('/v1/sparks?devices=ups-1,nobody')).body).toEqual({
      items: [{ device: 'ups-1', values: new Array(40).fill(null) }],
    })
    expect(await get(`/v1/sparks?devices=${'a,'.repeat(101)}`)).toMatchObject({ status: 400 })
  })
})

describe('a device', () => {
  test('is shown with its session, metrics and counters', async () => {
    expect((await get('/v1/devices/ups-1')).body).toMatchObject({
      key: 'ups-1',
      createdAt: at(startMs),
      session: { connected: true },
      metrics: { tempC: { value: 21 } },
      counters: { messages: 7 },
    })
    expect(await get('/v1/devices/nobody')).toMatchObject({
      status: 404,
      body: { code: 'registry.unknown-device' },
    })
  })

  test('has a timeline of what touches the range', async () => {
    const range = `from=${at(startMs - 30 * minute)}&to=${at(startMs)}`
    const { body } = await get(`/v1/devices/ups-1/timeline?${range}`)
    expect((body['alerts'] as { title: string }[]).map(({ title }) => title)).toEqual(['Hot'])
    expect(body['presence']).toHaveLength(1)
    expect(
      await get(`/v1/devices/ups-1/timeline?from=${at(startMs)}&to=${at(startMs)}`),
    ).toMatchObject({
      status: 400,
      body: { code: 'stream.bad-range' },
    })
  })
})

describe('the overview', () => {
  beforeEach(async () => {
    await db.as('pulse_owner')`truncate fleet.history`
  })

  test('counts devices and alerts, in all and by site', async () => {
    const overview = (await get('/v1/overview')).body
    expect(overview).toMatchObject({
      devices: { total: 2, online: 1, never: 1, offline: 0 },
      alerts: { critical: 1, warning: 2, info: 0 },
      messages: { perSecond: 412, refusedLastHour: 3 },
      deliveries: { p99Ms: 92, deadLetters: 1 },
      sites: [{ key: 'dal', online: 1, never: 0, alerts: { critical: 1 } }],
      now: [{ title: 'Hot' }],
    })
  })

  test('tells what changed, newest first, with names for ids', async () => {
    const person = (await registry.people.members(demo.tenant))[0]?.person as string
    await registry.devices.createToken(
      { tenant: demo.tenant, actor: { kind: 'person', id: person } },
      'ups-1',
    )
    for (let times = 0; times < 3; times++) await registry.devices.createToken(demo, 'ups-2')
    const first = ['ups-1', 'ups-2'].map(
      (device): EventDraft => ({
        type: 'state.presence-changed',
        tenant: demo.tenant,
        subject: `device:${device}`,
        data: { device: device as DeviceKey, from: 'never', to: 'online', at: at(startMs) },
      }),
    )
    await emit(pipeline, first, startMs)
    const { changes } = await fleet.overview(demo.tenant, 168)
    expect(changes).toContainEqual(
      expect.objectContaining({ text: 'Token created for ups-1', by: 'Ada L.', device: 'ups-1' }),
    )
    expect(changes).toContainEqual(
      expect.objectContaining({ text: '2 devices connected for the first time', by: null }),
    )
    expect(changes.map(({ text }) => text)).toContain('2 devices registered')
    expect(changes.map(({ text }) => text)).toContain('Site Dallas registered')
    expect(changes.map(({ text }) => text)).toContain('3 tokens created')
    expect(changes.some(({ text }) => text.includes('igned'))).toBe(false)
    expect(changes.map(({ at: when }) => when)).toEqual(
      changes
        .map(({ at: when }) => when)
        .sort()
        .reverse(),
    )
  })

  const sampling = () => startSampler({ pipeline, clock, log: testLog, registry, sources })

  test('draws its history from a sample a minute, with a gap where there was none', async () => {
    Object.assign(stats, { settled: 4, succeeded: 3 })
    for (const pause of [0, 5 * minute]) {
      clock.advance(pause)
      const sampler = sampling()
      traffic.messages += 600
      clock.advance(minute)
      await sampled(clock.now())
      await sampler.stop()
    }
    clock.advance(1)
    const { history } = await fleet.overview(demo.tenant, 24)
    expect(history.at).toHaveLength(48)
    expect(history.online.slice(-6)).toEqual([null, 50, null, null, null, 50])
    expect(history.alerts.slice(-6)).toEqual([null, 3, null, null, null, 3])
    expect(history.deliveries.slice(-6)).toEqual([null, 75, null, null, null, 75])
    expect(history.messages.at(-5)).toBeCloseTo(10, 1)
  })

  /** A sampler that samples only when told. */
  async function byHand() {
    const sampler = sampling()
    await sampler.stop()
    return sampler
  }

  test('counts messages of the minute, not those before', async () => {
    const sampler = await byHand()
    traffic.messages += 600
    clock.advance(minute)
    await sampler.sample()
    Object.assign(traffic, { messages: traffic.messages + 120, refused: 2 })
    clock.advance(minute)
    await sampler.sample()
    const [row] = await pipeline`
      select messages, refused, seconds from fleet.history order by at desc limit 1`
    expect(row).toEqual({ messages: 120, refused: 2, seconds: 60 })
  })

  test('counts into the next sample what a failed one had', async () => {
    let away = false
    const failing = new Proxy(pipeline, {
      apply: (target, self, args) =>
        away ? Promise.reject(new Error('away')) : Reflect.apply(target, self, args),
    })
    const sampler = startSampler({ pipeline: failing, clock, log: testLog, registry, sources })
    await sampler.stop()
    clock.advance(minute)
    await sampler.sample()
    traffic.messages += 30
    clock.advance(minute)
    away = true
    await expect(sampler.sample()).rejects.toThrow('away')
    away = false
    clock.advance(minute)
    await sampler.sample()
    const [row] = await pipeline`
      select messages, seconds from fleet.history order by at desc limit 1`
    expect(row).toEqual({ messages: 30, seconds: 120 })
  })

  test('forgets history after eight days', async () => {
    const sampler = await byHand()
    clock.advance(minute)
    await sampler.sample()
    clock.advance(8 * 86_400_000)
    await sampler.sample()
    expect(await pipeline`select at from fleet.history`).toHaveLength(2)
    clock.advance(3_600_000)
    await sampler.sample()
    expect(await pipeline`select at from fleet.history`).toHaveLength(2)
  })

  /** Waits until the sample of `atMs` is written. */
  async function sampled(atMs: number): Promise<void> {
    await expect
      .poll(
        async () =>
          (await pipeline`select at from fleet.history where at = ${new Date(atMs)}`).length,
      )
      .toBe(1)
  }
})
