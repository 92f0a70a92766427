import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Actions } from './actions.ts'
import { type TestDelivery, testDelivery } from './test-delivery.ts'
import { rest, someAlert, type TestActions, until } from './test-kit.ts'
import type { TestReceiver } from './test-receiver.ts'

let bench: TestDelivery
let kit: TestActions
let receiver: TestReceiver
let actions: Actions
let secret: string

beforeEach(async () => {
  bench = await testDelivery()
  ;({ kit, receiver, actions, secret } = bench)
})
afterEach(() => bench.close())

const states = (...wanted: string[]) => bench.states(...wanted)
const received = (count: number) => bench.received(count)
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

describe('a secret that does not open', () => {
  test('is not signed with: the attempt fails and says so, and one that opens again is used', async () => {
    const owner = kit.database.as('pulse_owner')
    const [before] = await owner`select sealed from actions.destination`
    // As somebody would do it who wants their own secret to sign for another destination.
    const foreign = await kit.vault.seal(secret, 'actions.destination/2/ops')
    await owner`update actions.destination set sealed = ${foreign}`
    await actions.start()
    await kit.commit(actions, someAlert(kit.clock).opened)
    await states('retrying')
    const [row] = await owner`select last_error from actions.delivery`
    expect(row).toEqual({ last_error: 'The secret of this destination cannot be read.' })
    expect(receiver.received).toEqual([])
    await owner`update actions.destination set sealed = ${before?.['sealed']}`
    await received(1)
    await states('delivered')
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
