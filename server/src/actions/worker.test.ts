import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { asPipeline } from '#platform'
import type { Actions } from './actions.ts'
import { claimDue, settle } from './queue.ts'
import { act, cuttable, rest, someAlert, type TestActions, testActions, until } from './test-kit.ts'
import { type TestReceiver, testReceiver } from './test-receiver.ts'

let kit: TestActions
let receiver: TestReceiver
let actions: Actions
let secret: string

beforeEach(async () => {
  receiver = await testReceiver()
  kit = await testActions()
  actions = kit.create()
  const made = await actions.putDestination(act(), {
    key: 'ops',
    name: 'Operations',
    url: receiver.url,
    privateAllowed: true,
  })
  secret = made.secret ?? ''
})
afterEach(async () => {
  await kit.close()
  await receiver.close()
})

const states = (...wanted: string[]) =>
  until(async () => String(await kit.states()) === String(wanted))
/** Lets time go by in steps until the receiver has got `count` requests. */
const received = (count: number) =>
  until(() => {
    if (receiver.received.length < count) kit.clock.advance(1000)
    return receiver.received.length >= count
  })
const types = () => receiver.received.map(({ type }) => type.replace('rules.alert-', ''))

describe('a delivery', () => {
  test('starts at once after the commit, signed so that the library verifies it', async () => {
    await actions.start()
    const alert = someAlert(kit.clock)
    await kit.commit(actions, alert.opened)
    await states('delivered')
    const [request] = receiver.received
    const verified = new Webhook(secret).verify(
      request?.body ?? '',
      request?.headers as Record<string, string>,
    )
    expect(verified).toEqual({
      type: 'rules.alert-opened',
      timestamp: new Date(kit.clock.now()).toISOString(),
      data: alert.opened.data,
    })
    await until(() => kit.changes.length === 2)
    expect(kit.changes.map(({ summary }) => summary.state)).toEqual(['queued', 'delivered'])
    expect(kit.changes[1]?.summary).toMatchObject({
      destinationName: 'Operations',
      attempts: 1,
      lastStatus: 204,
    })
    const events = await kit.database.as('pulse_pipeline')`
      select type, data from platform.outbox where type like 'actions.%'`
    expect(events).toMatchObject([
      { type: 'actions.delivery-settled', data: { delivery: request?.id, state: 'delivered' } },
    ])
  })

  test('is not made twice for the same step of an alert', async () => {
    const alert = someAlert(kit.clock)
    await kit.commit(actions, alert.opened)
    await kit.commit(actions, alert.opened, alert.cleared)
    expect(await kit.states()).toEqual(['queued', 'queued'])
    expect(kit.changes).toHaveLength(2)
  })

  test('to a destination that does not exist dies at once, and says so', async () => {
    const other = kit.create({ destinationsOf: () => ['nobody', 'nobody'] })
    await other.start()
    const { id, opened } = someAlert(kit.clock)
    await kit.commit(other, opened)
    await states('dead')
    const [summary] = await other.deliveriesOf(1, id)
    expect(summary?.lastError).toBe('There is no destination nobody.')
  })

  test('is retried with growing waits under one webhook-id, each attempt signed anew', async () => {
    receiver.answer((response) =>
      response.writeHead(receiver.received.length < 3 ? 500 : 200).end('hm'),
    )
    await actions.start()
    const begun = kit.clock.now()
    await kit.commit(actions, someAlert(kit.clock).opened)
    await states('retrying')
    await until(() => kit.changes.length === 2)
    expect(kit.changes[1]?.summary.nextAttemptAt).toBe(new Date(begun + 2500).toISOString())
    await received(3)
    await states('delivered')
    const ids = new Set(receiver.received.map(({ id }) => id))
    expect(ids.size).toBe(1)
    const signatures = new Set(receiver.received.map(({ headers }) => headers['webhook-signature']))
    expect(signatures.size).toBe(3)
    const detail = await actions.delivery(1, [...ids][0] ?? '')
    expect(detail.log.map(({ number, status, response }) => [number, status, response])).toEqual([
      [1, 500, 'hm'],
      [2, 500, 'hm'],
      [3, 200, 'hm'],
    ])
    const [first = 0, second = 0, third = 0] = detail.log.map(({ at }) => Date.parse(at))
    expect(second - first).toBeGreaterThanOrEqual(2500)
    expect(third - second).toBeGreaterThanOrEqual(15_000)
  })

  test('waits as long as the receiver asks', async () => {
    receiver.answer((response) => response.writeHead(429, { 'retry-after': '600' }).end())
    await actions.start()
    const begun = kit.clock.now()
    await kit.commit(actions, someAlert(kit.clock).opened)
    await until(() => kit.changes.length === 2)
    expect(kit.changes[1]?.summary.nextAttemptAt).toBe(new Date(begun + 600_000).toISOString())
  })

  test('dies after its last attempt, and at once when the receiver is gone for good', async () => {
    receiver.answer((response) => response.writeHead(503).end())
    const hasty = kit.create({ retries: { waitsMs: [1000, 1000], retryAfterMaxMs: 0 } })
    await hasty.start()
    await kit.commit(hasty, someAlert(kit.clock).opened)
    await received(3)
    await states('dead')
    receiver.answer((response) => response.writeHead(410).end())
    await kit.commit(hasty, someAlert(kit.clock).opened)
    await states('dead', 'dead')
    expect(receiver.received).toHaveLength(4)
  })
})

describe('order', () => {
  test('"cleared" waits while the first attempt of "opened" is slow', async () => {
    let answerFirst = () => {}
    receiver.answer((response) => {
      if (receiver.received.length > 1) response.writeHead(204).end()
      else answerFirst = () => response.writeHead(204).end()
    })
    await actions.start()
    const alert = someAlert(kit.clock)
    await kit.commit(actions, alert.opened)
    await received(1)
    await kit.commit(actions, alert.cleared)
    kit.clock.advance(1000)
    await rest()
    expect(types()).toEqual(['opened'])
    answerFirst()
    await states('delivered', 'delivered')
    expect(types()).toEqual(['opened', 'cleared'])
  })

  test('"cleared" waits while "opened" is retried, and other alerts do not', async () => {
    const alert = someAlert(kit.clock)
    let healthy = false
    receiver.answer((response, { body }) =>
      response.writeHead(healthy || !body.includes(alert.id) ? 204 : 500).end(),
    )
    await actions.start()
    await kit.commit(actions, alert.opened, alert.cleared)
    await states('retrying', 'queued')
    await kit.commit(actions, someAlert(kit.clock).opened)
    await states('retrying', 'queued', 'delivered')
    healthy = true
    await received(4)
    await states('delivered', 'delivered', 'delivered')
    expect(types()).toEqual(['opened', 'opened', 'opened', 'cleared'])
  })

  test('what is queued behind a retry is not looked at before that is due', async () => {
    receiver.answer((response) => response.writeHead(500).end())
    await actions.start()
    const alert = someAlert(kit.clock)
    await kit.commit(actions, alert.opened)
    await states('retrying')
    await kit.commit(actions, alert.cleared)
    const [opened, cleared] = await actions.deliveriesOf(1, alert.id)
    expect(cleared?.nextAttemptAt).toBe(opened?.nextAttemptAt)
  })

  test('"cleared" goes once "opened" is dead', async () => {
    receiver.answer((response, { type }) =>
      response.writeHead(type.endsWith('opened') ? 410 : 204).end(),
    )
    await actions.start()
    const alert = someAlert(kit.clock)
    await kit.commit(actions, alert.opened, alert.cleared)
    await states('dead', 'delivered')
  })
})

describe('workers', () => {
  test('share the queue and send nothing twice', async () => {
    const workers = [actions, kit.create(), kit.create()]
    const alerts = Array.from({ length: 60 }, () => someAlert(kit.clock))
    await kit.commit(actions, ...alerts.flatMap(({ opened, cleared }) => [opened, cleared]))
    await Promise.all(workers.map((worker) => worker.start()))
    await until(async () => {
      kit.clock.advance(1000)
      return (await kit.states()).every((state) => state === 'delivered')
    })
    expect(receiver.received).toHaveLength(120)
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(120)
  })

  test('send at most eight at once to a destination, one when it fails, and serve others', async () => {
    const slow = kit.create({ destinationsOf: (_, rule) => [rule === 'too-hot' ? 'ops' : 'other'] })
    const other = await testReceiver()
    await slow.putDestination(act(), {
      key: 'other',
      name: 'Other',
      url: other.url,
      privateAllowed: true,
    })
    const held: (() => void)[] = []
    receiver.answer((response) => held.push(() => response.writeHead(500).end()))
    await slow.start()
    await kit.commit(slow, ...Array.from({ length: 20 }, () => someAlert(kit.clock).opened))
    await until(() => held.length === 8)
    const { opened } = someAlert(kit.clock)
    const elsewhere = { ...opened, data: { ...opened.data, rule: 'elsewhere' } }
    await kit.commit(slow, elsewhere as typeof opened)
    await until(() => other.received.length === 1)
    await rest()
    expect(held).toHaveLength(8)
    for (const answer of held.splice(0)) answer()
    await until(() => held.length > 0)
    await rest()
    expect(held).toHaveLength(1)
    for (const answer of held) answer()
    await other.close()
  })

  const leaveBehind = (at: number, lease = 'killed/1') =>
    claimDue(asPipeline(kit.database.as('pulse_pipeline')), {
      lease,
      at,
      until: at + 30_000,
      limit: 10,
      perDestination: 8,
      rooms: [],
    })

  test('settle under their own lease only', async () => {
    await kit.commit(actions, someAlert(kit.clock).opened)
    const at = kit.clock.now()
    const [claim] = await leaveBehind(at, 'slow/1')
    expect(await leaveBehind(at + 29_999, 'quick/1')).toEqual([])
    expect(await leaveBehind(at + 30_000, 'quick/1')).toHaveLength(1)
    const end = (lease: string) => {
      const outcome = { tenant: 1, id: claim?.id ?? '', lease, at, tookMs: 1, status: 204 } as const
      const none = { nextAttemptAt: undefined, error: undefined, response: undefined }
      return settle(
        kit.database.as('pulse_pipeline'),
        [{ ...outcome, ...none, state: 'delivered' }],
        at,
      )
    }
    expect(await end('slow/1')).toEqual([])
    expect(await kit.states()).toEqual(['queued'])
    expect(await end('quick/1')).toHaveLength(1)
    expect(await end('quick/1')).toEqual([])
  })

  test('take over what a killed one held when its lease ends', async () => {
    await kit.commit(actions, someAlert(kit.clock).opened)
    expect(await leaveBehind(kit.clock.now())).toHaveLength(1)
    await actions.start()
    kit.clock.advance(29_000)
    await rest()
    expect(receiver.received).toHaveLength(0)
    await received(1)
    await states('delivered')
  })

  test('take it over at once when none else can be alive', async () => {
    await kit.commit(actions, someAlert(kit.clock).opened)
    await leaveBehind(kit.clock.now())
    await kit.create({ alone: true }).start()
    await states('delivered')
  })

  test('give back what a stop cuts off, uncounted', async () => {
    let answered = false
    receiver.answer((response) => {
      if (answered) response.writeHead(204).end()
      answered = true
    })
    await actions.start()
    await kit.commit(actions, someAlert(kit.clock).opened)
    await received(1)
    const stopping = actions.stop()
    await rest()
    kit.clock.advance(5000)
    await stopping
    expect(await kit.states()).toEqual(['queued'])
    await kit.create().start()
    await states('delivered')
    expect((await actions.deliveries(1, { state: 'all', limit: 10 })).items[0]?.attempts).toBe(1)
  })
})

describe('a database that goes away', () => {
  const overCuttable = async () => {
    const way = await cuttable(kit.database.facts('pulse_pipeline'))
    const worker = kit.create({ pipeline: kit.open(way.facts) })
    await worker.start()
    return { way, worker }
  }

  test('is waited for: what was queued meanwhile is delivered when it is back', async () => {
    const { way } = await overCuttable()
    way.cut()
    await kit.commit(actions, someAlert(kit.clock).opened)
    kit.clock.advance(1000)
    await rest()
    expect(receiver.received).toHaveLength(0)
    await way.mend()
    await received(1)
    await states('delivered')
    way.close()
  })

  test('within the lease only delays the settling', async () => {
    const { way, worker } = await overCuttable()
    receiver.answer((response) => {
      way.cut()
      response.writeHead(204).end()
    })
    await kit.commit(worker, someAlert(kit.clock).opened)
    await received(1)
    await rest()
    expect(await kit.states()).toEqual(['queued'])
    await way.mend()
    await until(async () => {
      kit.clock.advance(1000)
      return (await kit.states())[0] === 'delivered'
    })
    expect(receiver.received).toHaveLength(1)
    way.close()
  })

  test('for longer has the delivery sent again, under its id, and settled once', async () => {
    const { way, worker } = await overCuttable()
    receiver.answer((response) => {
      if (receiver.received.length === 1) way.cut()
      response.writeHead(204).end()
    })
    await kit.commit(worker, someAlert(kit.clock).opened)
    await received(1)
    await rest()
    kit.clock.advance(31_000)
    await rest()
    await way.mend()
    await received(2)
    await states('delivered')
    const [first, second] = receiver.received
    expect(second?.id).toBe(first?.id)
    expect((await actions.delivery(1, first?.id ?? '')).log).toHaveLength(1)
    way.close()
  })
})
