import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#testing'
import {
  connectBytes,
  publishBytes,
  type RawClient,
  rawClient,
  startTestGateway,
  type TestGateway,
  until,
} from './testing.ts'

const CLIENTS = 2000
let database: TestDatabase
let under: TestGateway

beforeAll(async () => {
  database = await testDatabase()
  under = await startTestGateway({
    pipeline: database.as('pulse_pipeline'),
    app: database.as('pulse_app'),
  })
})
afterAll(async () => {
  await under.close()
  await database.drop()
})

/** Connects everybody at once; each publishes one message as soon as it may. */
async function storm(): Promise<RawClient[]> {
  const clients = Array.from({ length: CLIENTS }, (_, n) => {
    const client = rawClient(under.port)
    client.send(
      connectBytes({ username: `acme/d${n + 1}`, clientId: `c${n}`, clean: n % 2 === 0 }),
      publishBytes('~/telemetry', String(n), { qos: 1 }),
    )
    return client
  })
  await until(() => clients.every((client) => client.count() >= 8), 'every PUBACK')
  return clients
}

test('2,000 clients that come back at once are all let in, and their messages stored', async () => {
  const first = await storm()
  expect(under.gateway.stats().connected).toBe(CLIENTS)
  for (const { socket } of first) socket.resetAndDestroy()
  const second = await storm()
  expect(under.gateway.stats().connected).toBe(CLIENTS)
  expect(under.gateway.stats().messages).toBe(2 * CLIENTS)
  // Those of kept sessions are told that theirs went on.
  const resumed = second.filter((client) => client.received()[2] === 1).length
  expect(resumed).toBe(CLIENTS / 2)
  for (const { socket } of second) socket.destroy()
  await until(() => under.gateway.stats().sockets === 0)
  expect(under.gateway.stats().sessions).toBe(0)
  const open = await database.as('pulse_pipeline')`
    select 1 from connect.session where expires_at is null`
  await until(async () => open.length === 0 || (await stillOpen()) === 0)
})

const stillOpen = async (): Promise<number> =>
  (await database.as('pulse_pipeline')`select 1 from connect.session where expires_at is null`)
    .length
