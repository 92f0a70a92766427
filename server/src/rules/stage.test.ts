import { type RuleDocument, ruleDocument } from '@pulse/contract'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { asPipeline, manualClock } from '#platform'
import { createRegistry, type Device, type Registry } from '#registry'
import { type TestDatabase, testDatabase, testLog, testTokens } from '../testing/index.ts'
import { createRules, type Rules } from './rules.ts'
import { command, message, type TestLane, testLane } from './test-lane.ts'

const start = Date.parse('2026-11-24T16:02:00.000Z')
const second = (s: number) => start + Math.round(s * 1000)
const clockTime = (at: Date | null) =>
  at === null ? null : at.toISOString().slice(11, 23).replace('.000', '')
const clock = manualClock(start)
const actor = { kind: 'person', id: 'ann' } as const

let db: TestDatabase
let registry: Registry
let rules: Rules
let lane: TestLane
let tenant: number
let ups: Device
let pump: Device

beforeAll(async () => {
  db = await testDatabase()
  const [app, pipeline] = [db.as('pulse_app'), asPipeline(db.as('pulse_pipeline'))]
  registry = createRegistry({ app, pipeline, clock, log: testLog, identity: testTokens(0) })
  const made = await registry.tenants.createTenant({ key: 'demo', name: 'Demo' }, actor)
  tenant = made.id
  const act = { tenant, actor }
  const facts = { staleAfterS: 90, offlineAfterS: 300, metrics: [] }
  await registry.devices.registerType(act, { key: 'ups', name: 'UPS', ...facts })
  await registry.devices.registerType(act, { key: 'pump', name: 'Pump', ...facts })
  await registry.devices.registerDevices(act, [
    { key: 'ups-1', name: 'Rack 1 UPS', type: 'ups' },
    { key: 'pump-1', type: 'pump' },
  ])
  ups = (await registry.directory.device('demo', 'ups-1')) as Device
  pump = (await registry.directory.device('demo', 'pump-1')) as Device
})
afterAll(async () => {
  await registry?.close()
  await db?.drop()
})
beforeEach(async () => {
  await db.as('pulse_owner').unsafe(`
    truncate rules.rule, rules.state, rules.alert, rules.alert_step, platform.outbox;
    update registry.device_index set critical = 0, warning = 0, info = 0, worst_title = null, worst_severity = null`)
  lane = await testLane(db.as('pulse_pipeline'), [ups, pump])
  rules = createRules({
    app: db.as('pulse_app'),
    clock,
    get book() {
      return lane.book
    },
    submit: async () => undefined,
    deliveriesOf: async () => [],
  })
})

const document = (facts: object): RuleDocument =>
  ruleDocument.parse({
    pulse: 'rule/v1',
    key: 'hot',
    title: 'Too hot',
    severity: 'critical',
    ...facts,
  })
const hot = (facts: object = {}) =>
  document({
    kind: 'threshold',
    when: 'metrics.tempC > 36',
    forS: 5,
    clear: 'metrics.tempC < 32',
    ...facts,
  })
const silent = (facts: object = {}) =>
  document({
    key: 'silent',
    title: 'Silent',
    severity: 'warning',
    kind: 'absence',
    forS: 60,
    ...facts,
  })
const put = (given: RuleDocument) => rules.putRule({ tenant, actor }, given)

const alerts = async () => {
  const rows = await db.as('pulse_owner')<
    {
      rule: string
      device: string
      opened: Date
      cleared: Date | null
      reason: string
      steps: string[]
    }[]
  >`
    select rule, device_key as device, opened_at as opened, cleared_at as cleared, reason,
           array(select step->>'text' from rules.alert_step s where s.alert = a.id order by s.id) as steps
      from rules.alert a order by opened_at, rule, device_key`
  return rows.map((row) => ({
    ...row,
    opened: clockTime(row.opened),
    cleared: clockTime(row.cleared),
  }))
}
const brief = async () =>
  (await alerts()).map(
    ({ rule, device, opened, cleared }) => `${rule} ${device} ${opened} ${cleared ?? '…'}`,
  )
const states = () => db.as('pulse_owner')`select phase from rules.state`
const temp = (s: number, tempC: number, device = ups) => message(device, second(s), { tempC })
const send = (s: number, tempC: number, device = ups) =>
  lane.run(second(s), [temp(s, tempC, device)])
const tick = (s: number) => lane.run(second(s), [])

describe('the Rules stage', () => {
  test('opens an alert with its story, counts it on the device, and clears both', async () => {
    await put(hot())
    await send(0, 39)
    expect(lane.wakeOf(ups)).toBe(second(5))
    await tick(6)
    expect(await alerts()).toEqual([
      {
        rule: 'hot',
        device: 'ups-1',
        opened: '16:02:05',
        cleared: null,
        reason: 'tempC stayed above 36 for 5 s (39 at 16:02:00Z)',
        steps: [
          'tempC is above 36; the alert opens at 16:02:05Z if it stays so',
          'tempC stayed above 36 for 5 s (39 at 16:02:00Z)',
        ],
      },
    ])
    const index = () => db.as('pulse_owner')`
      select critical, worst_title from registry.device_index where key = 'ups-1'`
    expect(await index()).toMatchObject([{ critical: 1, worst_title: 'Too hot' }])
    await send(7, 30)
    expect(await brief()).toEqual(['hot ups-1 16:02:05 16:02:07'])
    expect(await index()).toMatchObject([{ critical: 0, worst_title: null }])
    expect(await states()).toEqual([])
    expect(lane.facts.map(({ type, subject }) => `${type} ${subject}`)).toEqual([
      'rules.alert-opened device:ups-1',
      'rules.alert-cleared device:ups-1',
    ])
    expect(
      await db.as('pulse_owner')`select type from platform.outbox where type like 'rules.alert%'`,
    ).toHaveLength(2)
  })

  test('keeps no row for a device that behaves', async () => {
    await put(hot())
    await lane.run(second(1), [temp(0, 20), temp(0.5, 39), temp(1, 20)])
    expect(await states()).toEqual([])
    expect(await alerts()).toEqual([])
  })

  test('opens and clears several alerts of one rule in one batch', async () => {
    await put(hot({ forS: undefined }))
    await lane.run(second(4), [temp(0, 39), temp(1, 20), temp(2, 39), temp(3, 20), temp(4, 39)])
    expect(await brief()).toEqual([
      'hot ups-1 16:02:00 16:02:01',
      'hot ups-1 16:02:02 16:02:03',
      'hot ups-1 16:02:04 …',
    ])
  })

  test('clears the alert of an earlier batch and opens the next in one batch', async () => {
    await put(hot({ forS: undefined }))
    await send(0, 39)
    await lane.run(second(2), [temp(1, 20), temp(2, 39)])
    expect(await brief()).toEqual(['hot ups-1 16:02:00 16:02:01', 'hot ups-1 16:02:02 …'])
  })

  test('skips what is stored already and what is older than the newest point', async () => {
    await put(hot({ forS: undefined }))
    await lane.run(second(1), [
      message(ups, second(0), { tempC: 39 }, { fresh: false }),
      message(ups, second(1), { tempC: 39 }, { late: true, ts: second(-5) }),
    ])
    expect(await alerts()).toEqual([])
  })

  test('runs a rule for the devices that its selector names', async () => {
    await put(hot({ forS: undefined, selector: 'type:pump' }))
    await send(0, 39, ups)
    await send(1, 39, pump)
    expect(await brief()).toEqual(['hot pump-1 16:02:01 …'])
  })

  test('opens for silence, clears with the next message, and asks for one wake-up only', async () => {
    await put(silent())
    for (const s of [0, 10, 20]) await send(s, 20)
    expect(lane.wakeOf(ups)).toBe(second(60))
    await tick(60)
    expect(lane.wakeOf(ups)).toBe(second(80))
    expect(await alerts()).toEqual([])
    await tick(80.2)
    await lane.run(second(95), [message(ups, second(95), undefined)])
    expect(await brief()).toEqual(['silent ups-1 16:03:20 16:03:35'])
    expect(lane.wakeOf(ups)).toBe(second(155))
  })

  test('misses the value of a metric while other messages come, over a restart too', async () => {
    await put(silent({ metric: 'tempC' }))
    await send(0, 20)
    for (const s of [20, 40]) await lane.run(second(s), [message(ups, second(s), { humidity: 1 })])
    await lane.restart()
    await lane.run(second(50), [message(ups, second(50), { humidity: 1 })])
    await tick(60.2)
    await lane.run(second(70), [message(ups, second(70), { humidity: 1 })])
    expect(await brief()).toEqual(['silent ups-1 16:03:00 …'])
    await send(75, 20)
    expect(await brief()).toEqual(['silent ups-1 16:03:00 16:03:15'])
  })

  test('watches for silence of devices that were heard before the rule was made', async () => {
    await send(0, 20)
    await put(silent())
    await tick(1)
    expect(lane.wakeOf(ups)).toBe(second(60))
    await tick(61)
    expect(await brief()).toEqual(['silent ups-1 16:03:00 …'])
  })

  test('does not take its own outage for silence of the devices', async () => {
    await put(silent())
    await send(0, 20)
    lane.outages.push({ from: second(10), until: second(500) })
    await lane.restart()
    expect(lane.wakeOf(ups)).toBe(second(560))
    await tick(501)
    expect(await alerts()).toEqual([])
    await tick(560)
    expect(await alerts()).toMatchObject([
      { reason: expect.stringContaining('not counting the time that Pulse was away') },
    ])
  })

  test('fires after a restart what fell due while Pulse was away, at the time when it was due', async () => {
    await put(hot())
    await send(0, 39)
    await send(1, 39, pump)
    await lane.restart()
    await tick(900)
    expect(await brief()).toEqual(['hot ups-1 16:02:05 …', 'hot pump-1 16:02:06 …'])
    expect(lane.facts.map(({ subject }) => subject)).toEqual(['device:ups-1', 'device:pump-1'])
  })

  test('clears the alert of a device that the rule no longer watches', async () => {
    await put(hot({ forS: undefined }))
    await send(0, 39)
    await put(hot({ forS: undefined, selector: 'type:pump' }))
    await tick(1)
    await tick(2)
    expect(await brief()).toEqual(['hot ups-1 16:02:00 16:02:02'])
    expect(await states()).toEqual([])
  })

  test('keeps an open alert over a new version of its rule', async () => {
    await put(hot({ forS: undefined }))
    await send(0, 39)
    await put(hot({ forS: undefined, title: 'Hotter', when: 'metrics.tempC > 50' }))
    await send(1, 40)
    await send(2, 20)
    expect(await brief()).toEqual(['hot ups-1 16:02:00 16:02:02'])
  })

  test('acknowledges an open alert once, with its audit row in the same transaction', async () => {
    await put(hot({ forS: undefined }))
    await send(0, 39)
    const [{ id } = { id: '' }] = await db.as('pulse_owner')<
      { id: string }[]
    >`select id from rules.alert`
    const args = { alert: id, by: 'Ann', actor, requestId: 'rq_1', address: '127.0.0.1' }
    const ask = (s: number) => command(ups, second(s), 'rules.acknowledge', args)
    const [one, two] = [ask(1), ask(2)]
    await lane.run(second(2), [one, two])
    expect([one.result, two.result]).toEqual(['acknowledged', 'acknowledged'])
    await lane.restart()
    const again = ask(3)
    await lane.run(second(3), [again])
    await send(4, 20)
    const late = ask(5)
    await lane.run(second(5), [late])
    expect([again.result, late.result]).toEqual(['acknowledged', 'not-open'])
    expect(
      await db.as('pulse_owner')`
        select actor, subject, request_id from platform.audit where action = 'rules.alert-acknowledged'`,
    ).toEqual([{ actor: 'ann', subject: `alert:${id}`, request_id: 'rq_1' }])
    expect(
      await db.as('pulse_owner')`select acknowledged_by, acknowledged_at from rules.alert`,
    ).toEqual([{ acknowledged_by: 'Ann', acknowledged_at: new Date(second(1)) }])
  })
})

/** What two devices send, in order of time: gap in ms, which device, its temperature. */
const traffic = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 9000 }), fc.boolean(), fc.integer({ min: 28, max: 40 })),
  { minLength: 5, maxLength: 40 },
)

describe('batches and restarts', () => {
  const play = async (
    given: [number, boolean, number][],
    split: (index: number) => 'run' | 'kill' | 'gather',
  ) => {
    await db.as('pulse_owner').unsafe('truncate rules.state, rules.alert, rules.alert_step')
    lane = await testLane(db.as('pulse_pipeline'), [ups, pump])
    let at = start
    let items: ReturnType<typeof message>[] = []
    for (const [index, [gap, first, tempC]] of given.entries()) {
      at += gap
      items.push(message(first ? ups : pump, at, { tempC }))
      const next = split(index)
      if (next === 'gather') continue
      await lane.run(at, items)
      items = []
      if (next === 'kill') await lane.restart()
    }
    await lane.run(at, items)
    await lane.run(at + 500_000, [])
    return JSON.stringify(await alerts())
  }

  test('do not change which alerts open and clear, nor their words', async () => {
    await put(hot({ clearForS: 3 }))
    await put(silent({ forS: 8 }))
    let opened = 0
    await fc.assert(
      fc.asyncProperty(
        traffic,
        fc.infiniteStream(fc.constantFrom('run', 'kill', 'gather')),
        async (given, cuts) => {
          const whole = await play(given, () => 'run')
          const cut = await play(given, () => cuts.next().value as 'run' | 'kill' | 'gather')
          opened += (JSON.parse(whole) as unknown[]).length
          expect(cut).toBe(whole)
        },
      ),
      { numRuns: 15 },
    )
    expect(opened).toBeGreaterThan(15)
  }, 120_000)
})
