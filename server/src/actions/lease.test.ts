import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { asPipeline } from '#platform'
import type { Actions } from './actions.ts'
import { claimDue, settle } from './queue.ts'
import { type TestDelivery, testDelivery } from './test-delivery.ts'
import { act, cuttable, rest, someAlert, type TestActions, until } from './test-kit.ts'
import { type TestReceiver, testReceiver } from './test-receiver.ts'

let bench: TestDelivery
let kit: TestActions
let receiver: TestReceiver
let actions: Actions

beforeEach(async () => {
  bench = await testDelivery()
  ;({ kit, receiver, actions } = bench)
})
afterEach(() => bench.close())

const states = (...wanted: string[]) => bench.states(...wanted)
const received = (count: number) => bench.received(count)

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
