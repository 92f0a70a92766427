import { act, type TestActions, testActions, until } from './test-kit.ts'
import { testReceiver } from './test-receiver.ts'

/** Actions with the destination `ops` of tenant 1, and the receiver that it leads to. */
export async function testDelivery() {
  const receiver = await testReceiver()
  const kit: TestActions = await testActions()
  const actions = kit.create()
  const draft = { key: 'ops', name: 'Operations', url: receiver.url, privateAllowed: true }
  const { secret = '' } = await actions.putDestination(act(), draft)
  return {
    kit,
    receiver,
    actions,
    secret,
    /** Waits until the deliveries have these states, in the order of queueing. */
    states: (...wanted: string[]) =>
      until(async () => String(await kit.states()) === String(wanted)),
    /** Lets time go by in steps until the receiver has got `count` requests. */
    received: (count: number) =>
      until(() => {
        if (receiver.received.length < count) kit.clock.advance(1000)
        return receiver.received.length >= count
      }),
    async close() {
      await kit.close()
      await receiver.close()
    },
  }
}

export type TestDelivery = Awaited<ReturnType<typeof testDelivery>>
