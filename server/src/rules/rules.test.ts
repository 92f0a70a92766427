import { type RuleDocument, ruleDocument } from '@pulse/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  asPipeline,
  createShell,
  type Membership,
  manualClock,
  PulseError,
  type Shell,
} from '#platform'
import { type Act, createRegistry, type Device, type Registry } from '#registry'
import { type TestDatabase, testDatabase, testLog, testTokens } from '../testing/index.ts'
import { rulesRoutes } from './routes.ts'
import { createRules, type Rules } from './rules.ts'
import { command, message, type TestLane, testLane } from './test-lane.ts'

const start = Date.parse('2026-11-24T16:02:00.000Z')
const second = (s: number) => start + s * 1000
const clock = manualClock(second(100))
const ann = { kind: 'person', id: 'p-ann' } as const

let db: TestDatabase
let registry: Registry
let lane: TestLane
let rules: Rules
let shell: Shell
let demo: Act
let other: Act
let ups: Device
let theirs: Device

beforeAll(async () => {
  db = await testDatabase()
  const [app, pipeline] = [db.as('pulse_app'), asPipeline(db.as('pulse_pipeline'))]
  registry = createRegistry({ app, pipeline, clock, log: testLog, identity: testTokens(0) })
  const tenantOf = async (key: string): Promise<Act> => {
    const { id } = await registry.tenants.createTenant({ key, name: key }, ann)
    const act = { tenant: id, actor: ann }
    const ages = { staleAfterS: 90, offlineAfterS: 300 }
    await registry.devices.registerType(act, { key: 'ups', name: 'UPS', metrics: [], ...ages })
    await registry.devices.registerSite(act, {
      key: 'dal-2',
      name: 'Dallas 2',
      lat: null,
      lon: null,
    })
    await registry.devices.registerDevices(act, [
      { key: 'ups-1', name: 'Rack 1', type: 'ups', site: 'dal-2' },
    ])
    return act
  }
  demo = await tenantOf('demo')
  other = await tenantOf('other')
  ups = (await registry.directory.device('demo', 'ups-1')) as Device
  theirs = (await registry.directory.device('other', 'ups-1')) as Device
  rules = createRules({
    app: db.as('pulse_app'),
    clock,
    // Each test has a lane of its own.
    get book() {
      return lane.book
    },
    async submit({ deviceId, name, args }) {
      const item = command(deviceId === ups.id ? ups : theirs, clock.now(), name, args)
      await lane.run(clock.now(), [item])
      return item.result
    },
    deliveriesOf: async () => [],
  })
  shell = await createShell({ log: testLog, version: '0', authenticate: async () => principal })
  rulesRoutes(shell, rules)
})
afterAll(async () => {
  await shell?.close()
  await registry?.close()
  await db?.drop()
})

beforeEach(async () => {
  await db.as('pulse_owner').unsafe(`
    truncate rules.rule, rules.state, rules.alert, rules.alert_step, platform.outbox`)
  await db.forgetAudit()
  lane = await testLane(db.as('pulse_pipeline'), [ups, theirs])
})

const membership = (act: Act, key: string): Membership => ({
  tenant: act.tenant,
  key,
  name: key,
  region: 'us-west-2',
  role: 'engineer',
  permissions: new Set(['rule.read', 'rule.write', 'alert.read', 'alert.write'] as const),
  suspended: false,
  entering: undefined,
})
const principal = {
  kind: 'person' as const,
  id: ann.id,
  name: 'Ann',
  operator: false,
  get tenants() {
    return [membership(demo, 'demo'), membership(other, 'other')]
  },
}

const document = (facts: object = {}): RuleDocument =>
  ruleDocument.parse({
    pulse: 'rule/v1',
    key: 'hot',
    title: 'Too hot',
    severity: 'critical',
    kind: 'threshold',
    when: 'metrics.tempC > 36',
    ...facts,
  })

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}
async function ask(
  method: 'GET' | 'PUT' | 'POST',
  url: string,
  payload?: object,
  tenant = 'demo',
): Promise<Answer> {
  const answer = await shell.inject({
    method,
    url,
    headers: { 'pulse-tenant': tenant },
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: answer.statusCode, body: answer.json() }
}
const send = (s: number, tempC: number, device = ups) =>
  lane.run(second(s), [message(device, second(s), { tempC })])
const openAlert = async (): Promise<string> => {
  const { items } = await rules.alerts(demo.tenant, { state: 'active', limit: 1 })
  return items[0]?.id as string
}

describe('a rule', () => {
  test('is put in use as version 1, audited, announced, and runs at once', async () => {
    const put = await ask('PUT', '/v1/rules/hot', document())
    expect(put).toMatchObject({
      status: 200,
      body: { key: 'hot', version: 1, active: true, openAlerts: 0 },
    })
    await send(0, 40)
    expect((await ask('GET', '/v1/rules')).body).toMatchObject({
      items: [{ key: 'hot', openAlerts: 1 }],
    })
    const owner = db.as('pulse_owner')
    expect(await owner`select actor, action, subject from platform.audit`).toEqual([
      { actor: 'p-ann', action: 'rules.rule-changed', subject: 'rule:hot' },
    ])
    expect(await owner`select data from platform.outbox where type = 'rules.rule-changed'`).toEqual(
      [{ data: { rule: 'hot', version: 1 } }],
    )
  })

  test('gets a new version by a change, and none by the same document', async () => {
    await rules.putRule(demo, document())
    expect(await rules.putRule(demo, document())).toMatchObject({ version: 1 })
    expect(await rules.putRule(demo, document({ severity: 'warning' }))).toMatchObject({
      version: 2,
    })
    const kept = await db.as('pulse_owner')`select version, active from rules.rule order by version`
    expect(kept).toEqual([
      { version: 1, active: false },
      { version: 2, active: true },
    ])
  })

  test('gets one version for each of several writers at once', async () => {
    const titles = ['a', 'b', 'c', 'd']
    const made = await Promise.all(titles.map((title) => rules.putRule(demo, document({ title }))))
    expect(made.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4])
  })

  test.each<[string, object, RegExp]>([
    ['a condition that cannot be read', { when: 'metrics.tempC >' }, /^when: /],
    ['a clear condition that cannot be read', { clear: 'foo' }, /^clear: /],
    ['a selector by status', { selector: 'status:online' }, /^selector: /],
    ['another key', { key: 'cold' }, /^key: /],
  ])('is refused for %s, and says where', async (_, facts, detail) => {
    const { status, body } = await ask('PUT', '/v1/rules/hot', document(facts))
    expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'rules.bad-rule' })
    expect(body['detail']).toMatch(detail)
    expect(await rules.rules(demo.tenant)).toEqual([])
  })

  test('is neither seen nor run for another tenant', async () => {
    await rules.putRule(demo, document())
    await send(0, 40, theirs)
    expect((await ask('GET', '/v1/rules/hot', undefined, 'other')).body).toMatchObject({
      code: 'rules.unknown-rule',
    })
    expect(await db.as('pulse_owner')`select * from rules.alert`).toEqual([])
  })

  test('that the program cannot use any more is left out and logged, and the rest runs', async () => {
    await rules.putRule(demo, document())
    await rules.putRule(demo, document({ key: 'odd' }))
    await db.as('pulse_owner')`
      update rules.rule set document = jsonb_set(document, '{when}', '"nonsense("') where key = 'odd'`
    await lane.restart()
    expect(lane.book.rulesFor(ups).map(({ key }) => key)).toEqual(['hot'])
  })
})

describe('an alert', () => {
  test('tells its story, its plot and how often it came', async () => {
    await rules.putRule(demo, document({ forS: 5, clear: 'metrics.tempC < 32' }))
    await send(0, 40)
    await send(6, 20)
    await send(10, 39.1)
    await send(15, 39)
    const { status, body } = await ask('GET', `/v1/alerts/${await openAlert()}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      rule: 'hot',
      ruleVersion: 1,
      title: 'Too hot',
      severity: 'critical',
      device: 'ups-1',
      deviceName: 'Rack 1',
      site: 'dal-2',
      state: 'open',
      openedAt: '2026-11-24T16:02:15.000Z',
      clearedAt: null,
      reason: 'tempC stayed above 36 for 5 s (39.1 at 16:02:10Z)',
      values: { 'metrics.tempC': 39.1 },
      timesIn90Days: 2,
      deliveries: [],
      plot: {
        metric: 'tempC',
        limits: [
          { value: 36, text: 'opens above 36 for 5 s', kind: 'open' },
          { value: 32, text: 'clears below 32', kind: 'clear' },
        ],
      },
    })
    expect(
      (body['trace'] as { from: string; to: string }[]).map(({ from, to }) => `${from} ${to}`),
    ).toEqual(['idle pending', 'pending open'])
  })

  test('is acknowledged through the pipeline, once and by name', async () => {
    await rules.putRule(demo, document())
    await send(0, 40)
    const id = await openAlert()
    const first = await ask('POST', `/v1/alerts/${id}/acknowledge`)
    expect(first).toMatchObject({
      status: 200,
      body: { state: 'acknowledged', acknowledgedBy: 'Ann' },
    })
    expect(await ask('POST', `/v1/alerts/${id}/acknowledge`)).toEqual(first)
    expect(
      await db.as('pulse_owner')`
      select actor, subject from platform.audit where action = 'rules.alert-acknowledged'`,
    ).toEqual([{ actor: 'p-ann', subject: `alert:${id}` }])
    await send(200, 20)
    expect(await ask('POST', `/v1/alerts/${id}/acknowledge`)).toMatchObject({
      status: 409,
      body: { code: 'rules.not-open' },
    })
  })

  test('of another tenant is neither seen nor acknowledged', async () => {
    await rules.putRule(demo, document())
    await send(0, 40)
    const id = await openAlert()
    for (const [method, url] of [
      ['GET', `/v1/alerts/${id}`],
      ['POST', `/v1/alerts/${id}/acknowledge`],
    ] as const) {
      expect(await ask(method, url, undefined, 'other')).toMatchObject({
        status: 404,
        body: { code: 'rules.unknown-alert' },
      })
    }
    expect((await ask('GET', '/v1/alerts?state=all', undefined, 'other')).body).toEqual({
      items: [],
      counts: { open: 0, acknowledged: 0, clearedToday: 0 },
    })
  })
})

describe('the list of alerts', () => {
  beforeEach(async () => {
    await rules.putRule(demo, document())
    await rules.putRule(
      demo,
      document({ key: 'warm', severity: 'warning', when: 'metrics.tempC > 30' }),
    )
    await send(0, 40)
    await send(1, 20)
    await send(2, 33)
    await send(3, 20)
    await send(4, 40)
  })

  test.each<[string, string[]]>([
    ['', ['warm 04', 'hot 04']],
    ['?state=cleared', ['warm 02', 'warm 00', 'hot 00']],
    ['?state=all&rule=hot', ['hot 04', 'hot 00']],
    ['?severity=warning', ['warm 04']],
    ['?device=ups-2', []],
    ['?state=acknowledged', []],
  ])('%s is newest first', async (query, expected) => {
    const { body } = await ask('GET', `/v1/alerts${query}`)
    const items = body['items'] as { rule: string; openedAt: string }[]
    expect(items.map(({ rule, openedAt }) => `${rule} ${openedAt.slice(17, 19)}`)).toEqual(expected)
    expect(body['counts']).toEqual({ open: 2, acknowledged: 0, clearedToday: 3 })
  })

  test('comes in pages without gap or repetition', async () => {
    const whole = (await rules.alerts(demo.tenant, { state: 'all', limit: 500 })).items
    const seen: unknown[] = []
    let cursor: string | undefined
    do {
      const page = await rules.alerts(demo.tenant, {
        state: 'all',
        limit: 2,
        ...(cursor ? { cursor } : {}),
      })
      seen.push(...page.items)
      cursor = page.next
    } while (cursor !== undefined)
    expect(seen).toEqual(whole)
    expect(whole).toHaveLength(5)
  })

  test('begins at the beginning for a cursor that cannot be read', async () => {
    const { body } = await ask('GET', '/v1/alerts?cursor=nonsense')
    expect(body['items']).toHaveLength(2)
  })
})

test('a pipeline that is away is said, not guessed', async () => {
  const away = createRules({
    app: db.as('pulse_app'),
    clock,
    book: lane.book,
    submit: async () => {
      throw new PulseError('platform.unavailable')
    },
    deliveriesOf: async () => [],
  })
  await rules.putRule(demo, document())
  await send(0, 40)
  await expect(away.acknowledge(demo, await openAlert(), 'Ann')).rejects.toMatchObject({
    code: 'platform.unavailable',
  })
})
