import { deviceKey } from '@pulse/contract'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Actions } from './actions.ts'
import { act, someAlert, type TestActions, testActions, until } from './test-kit.ts'
import { type TestReceiver, testReceiver } from './test-receiver.ts'

let kit: TestActions
let receiver: TestReceiver
let actions: Actions

beforeEach(async () => {
  receiver = await testReceiver()
  kit = await testActions()
  actions = kit.create({ retries: { waitsMs: [1000], retryAfterMaxMs: 0 } })
})
afterEach(async () => {
  await kit.close()
  await receiver.close()
})

const ops = () => ({ key: 'ops', name: 'Operations', url: receiver.url, privateAllowed: true })
const states = (...wanted: string[]) =>
  until(async () => {
    kit.clock.advance(1000)
    return String(await kit.states()) === String(wanted)
  })
const all = { state: 'all', limit: 100 } as const
const refused = async (work: Promise<unknown>) =>
  work.then(
    () => 'not refused',
    (error: { code?: string }) => error.code,
  )

describe('a destination', () => {
  test('shows its secret once', async () => {
    const made = await actions.putDestination(act(), ops())
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const again = await actions.putDestination(act(), { ...ops(), name: 'Night shift' })
    expect(again).toEqual({ destination: { ...made.destination, name: 'Night shift' } })
    expect(await actions.destinations(1)).toEqual([again.destination])
  })

  test.each([
    ['http://127.0.0.1:9/', 'actions.private-address'],
    ['http://0x7f.1/', 'actions.private-address'],
    ['http://169.254.169.254/', 'actions.private-address'],
    ['http://localhost/', 'actions.private-address'],
    ['ftp://example.com/', 'actions.bad-destination'],
    ['javascript:alert(1)', 'actions.bad-destination'],
    ['https://ada:pass@example.com/', 'actions.bad-destination'],
    ['https://', 'actions.bad-destination'],
  ])('%s is refused with %s', async (url, code) => {
    expect(await refused(actions.putDestination(act(), { key: 'ops', name: 'Ops', url }))).toBe(
      code,
    )
  })

  test('loses the leave for a private address when its URL changes', async () => {
    await actions.putDestination(act(), ops())
    const draft = { key: 'ops', name: 'Renamed', url: receiver.url }
    expect((await actions.putDestination(act(), draft)).destination.privateAllowed).toBe(true)
    const moved = { ...draft, url: 'http://10.0.0.8/' }
    expect(await refused(actions.putDestination(act(), moved))).toBe('actions.private-address')
    const elsewhere = { ...draft, url: 'https://hooks.example.com/' }
    expect((await actions.putDestination(act(), elsewhere)).destination.privateAllowed).toBe(false)
  })

  test('is audited with its secret masked, and not when nothing changed', async () => {
    await actions.putDestination(act(), ops())
    await actions.putDestination(act(), ops())
    await actions.putDestination(act(), { ...ops(), name: 'Night shift' })
    const rows = await kit.database.as('pulse_owner')`
      select action, subject, after ->> 'secret' as secret from platform.audit order by id`
    expect(rows).toEqual([
      { action: 'actions.destination-created', subject: 'destination:ops', secret: 'whsec_•••' },
      { action: 'actions.destination-changed', subject: 'destination:ops', secret: 'whsec_•••' },
    ])
  })
})

describe('a dead letter', () => {
  test('is replayed once, under its id, with as many attempts again', async () => {
    await actions.putDestination(act(), ops())
    receiver.answer((response) => response.writeHead(500).end())
    await actions.start()
    await kit.commit(actions, someAlert(kit.clock).opened)
    await states('dead')
    const [dead] = (await actions.deliveries(1, all)).items
    const id = dead?.id ?? ''
    expect((await actions.replay(act(), id)).state).toBe('queued')
    await states('dead')
    receiver.answer((response) => response.writeHead(204).end())
    const replays = await Promise.all([0, 1].map(() => refused(actions.replay(act(), id))))
    expect(replays.sort()).toEqual(['actions.not-dead', 'not refused'])
    await states('delivered')
    expect(await refused(actions.replay(act(), id))).toBe('actions.not-dead')
    expect(receiver.received.map((one) => one.id)).toEqual([id, id, id, id, id])
    const audited = await kit.database.as('pulse_owner')`
      select actor, subject from platform.audit where action = 'actions.delivery-replayed'`
    expect(audited).toEqual([0, 1].map(() => ({ actor: 'ada', subject: `delivery:${id}` })))
    const figures = await actions.figures(1, { from: 0, to: kit.clock.now() + 1 })
    expect(figures).toEqual({ settled: 1, succeeded: 1, p99Ms: null, deadLetters: 0 })
  })
})

describe('the list of deliveries', () => {
  test('is paged newest first, filtered and counted', async () => {
    await actions.putDestination(act(), ops())
    const alerts = Array.from({ length: 5 }, (_, index) => someAlert(kit.clock, 1, `ups-${index}`))
    await kit.commit(actions, ...alerts.map(({ opened }) => opened))
    await actions.start()
    await states('delivered', 'delivered', 'delivered', 'delivered', 'delivered')
    await actions.stop()
    await kit.commit(actions, alerts[0]?.cleared as (typeof alerts)[0]['cleared'])
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await actions.deliveries(1, { ...all, limit: 2, cursor })
      seen.push(...page.items.map(({ device, event }) => `${device} ${event.slice(12)}`))
      cursor = page.next
    } while (cursor)
    expect(seen).toEqual([
      'ups-0 cleared',
      'ups-4 opened',
      'ups-3 opened',
      'ups-2 opened',
      'ups-1 opened',
      'ups-0 opened',
    ])
    const device = deviceKey.parse('ups-0')
    const one = await actions.deliveries(1, { ...all, state: 'queued', device })
    expect(one.items).toHaveLength(1)
    expect(one.counts).toEqual({ queued: 1, retrying: 0, delivered: 1, dead: 0 })
    expect((await actions.deliveriesOf(1, alerts[0]?.id ?? '')).map(({ event }) => event)).toEqual([
      'rules.alert-opened',
      'rules.alert-cleared',
    ])
    const range = { from: kit.clock.now() - 3_600_000, to: kit.clock.now() + 1 }
    expect(await actions.deliveriesBetween(1, 'ups-0', range)).toHaveLength(2)
    expect(await actions.figures(1, range)).toMatchObject({
      settled: 5,
      succeeded: 5,
      deadLetters: 0,
    })
    expect((await actions.history(1, range, 12)).reduce((sum, count) => sum + count, 0)).toBe(5)
  })
})

describe('tenants', () => {
  test('never meet: another sees, counts and replays nothing', async () => {
    await actions.putDestination(act(1), ops())
    receiver.answer((response) => response.writeHead(410).end())
    await actions.start()
    const alert = someAlert(kit.clock)
    await kit.commit(actions, alert.opened)
    await states('dead')
    const id = (await actions.deliveries(1, all)).items[0]?.id ?? ''
    const range = { from: 0, to: kit.clock.now() + 1 }

    expect(await actions.destinations(2)).toEqual([])
    expect(await refused(actions.destination(2, 'ops'))).toBe('actions.unknown-destination')
    expect(await actions.deliveries(2, all)).toEqual({
      items: [],
      counts: { queued: 0, retrying: 0, delivered: 0, dead: 0 },
    })
    expect(await refused(actions.delivery(2, id))).toBe('actions.unknown-delivery')
    expect(await refused(actions.replay(act(2), id))).toBe('actions.unknown-delivery')
    expect(await actions.deliveriesOf(2, alert.id)).toEqual([])
    expect(await actions.deliveriesBetween(2, 'ups-0041', range)).toEqual([])
    expect(await actions.figures(2, range)).toMatchObject({ settled: 0, deadLetters: 0 })
    expect(await actions.history(2, range, 2)).toEqual([0, 0])

    await actions.putDestination(act(2), {
      key: 'ops',
      name: 'Theirs',
      url: 'https://example.com/',
    })
    expect((await actions.destination(1, 'ops')).name).toBe('Operations')
    expect((await actions.delivery(1, id)).destinationName).toBe('Operations')
  })

  test('without one, a request reads nothing', async () => {
    const app = kit.database.as('pulse_app')
    for (const table of ['destination', 'delivery', 'attempt']) {
      await expect(app.unsafe(`select tenant from actions.${table}`)).rejects.toMatchObject({
        code: 'PT001',
      })
    }
  })
})

describe('a secret', () => {
  test('is in no answer, no attempt, no audit row and no event, and a request cannot read it', async () => {
    const { secret = '' } = await actions.putDestination(act(), ops())
    await actions.start()
    const alert = someAlert(kit.clock)
    await kit.commit(actions, alert.opened)
    await states('delivered')
    await actions.putDestination(act(), { ...ops(), name: 'Renamed' })
    const id = (await actions.deliveries(1, all)).items[0]?.id ?? ''
    const pipeline = kit.database.as('pulse_pipeline')
    const seen = [
      await actions.destinations(1),
      await actions.deliveries(1, all),
      await actions.delivery(1, id),
      await pipeline`select * from actions.delivery`,
      await pipeline`select * from actions.attempt`,
      await pipeline`select * from platform.outbox`,
      await kit.database.as('pulse_owner')`select * from platform.audit`,
      kit.changes,
      receiver.received,
    ]
    expect(seen.every((part) => JSON.stringify(part).length > 2)).toBe(true)
    expect(JSON.stringify(seen)).not.toContain(secret.slice(6))
    await expect(
      kit.database.as('pulse_app')`select secret from actions.destination`,
    ).rejects.toMatchObject({
      code: '42501',
    })
  })
})
