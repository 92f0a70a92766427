import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, reserveOnly, systemClock } from '#platform'
import type { Device } from '#registry'
import { type TestDatabase, testDatabase, testLog } from '../testing/index.ts'
import type { Outcome } from './items.ts'
import { Lane } from './lane.ts'
import type { Stage, StageFactory } from './stage.ts'

const NAME = 'lane under test'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  await db.superuser().unsafe('create table public.probe (n int primary key)')
  await db.superuser().unsafe('grant select, insert on public.probe to pulse_pipeline')
})
afterAll(() => db.drop())

/** Inserts the number after the highest that it knows, as caches that are right can. */
const counting: StageFactory = async ({ sql }) => {
  const [row] = await sql<{ n: number }[]>`select count(*)::int as n from public.probe`
  let known = row?.n ?? 0
  const stage: Stage<number | undefined> = {
    name: 'probe',
    plan: ({ items }) => (items.length > 0 ? known + 1 : undefined),
    write: (on, n) =>
      n === undefined ? [] : [on`insert into public.probe values (${n}::int)`.execute()],
    apply(n) {
      if (n !== undefined) known = n
    },
  }
  return stage
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('it did not come to be')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const backends = async (waiting: boolean): Promise<number> => {
  const [row] = await db.superuser()<{ n: number }[]>`
    select count(*)::int as n from pg_stat_activity
     where application_name = ${NAME} and datname = current_database()
       and (not ${waiting} or wait_event_type = 'Lock')`
  return row?.n ?? 0
}

/** A way to the database that can be cut for the client while the server knows nothing of it. */
async function cuttableWay() {
  const { host, port } = db.facts('pulse_pipeline')
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = createConnection(`${host}/.s.PGSQL.${port}`)
    clients.add(client)
    client.on('data', (bytes) => upstream.write(bytes))
    upstream.on('data', (bytes) => client.write(bytes))
    client.on('close', () => upstream.end())
    for (const socket of [client, upstream]) socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    facts: {
      ...db.facts('pulse_pipeline'),
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
    },
    cut() {
      for (const client of clients) client.destroy()
      clients.clear()
    },
  }
}

test('a lane restores only after the last batch of its lost connection is over', async () => {
  const way = await cuttableWay()
  const poisoned: string[] = []
  const lane = new Lane({
    index: 0,
    owns: () => true,
    open: (onClose) => connect(way.facts, 'pulse_pipeline', { max: 1, name: NAME, onClose }),
    factories: [counting],
    clock: systemClock,
    log: testLog,
    onCommit: () => {},
    onDrain: () => {},
    onPoison: (_item, detail) => void poisoned.push(detail),
  })
  await lane.restore()
  lane.begin()
  const submit = () =>
    new Promise<Outcome>((settle) => {
      const device = { id: 1, tenant: { id: 1 } } as unknown as Device
      lane.submit({ kind: 'timer', device, at: 0, receivedAt: 0, settle })
    })
  // The driver knows the statement from now on, and sends the next batch whole, its commit included.
  await submit()

  const blocker = await reserveOnly(db.as('pulse_owner'))
  await db.superuser().unsafe('grant all on public.probe to pulse_owner')
  await blocker.unsafe('begin')
  await blocker.unsafe('lock table public.probe in share row exclusive mode')
  const settled = submit()
  await until(async () => (await backends(true)) === 1)
  // The lane loses its connection; the backend behind it is still to commit.
  way.cut()
  await until(async () => (await backends(true)) === 2)
  await blocker.unsafe('commit')
  blocker.release()

  await until(async () => {
    const [row] = await db.superuser()<{ n: number }[]>`select count(*)::int as n from public.probe`
    return row?.n === 3 || poisoned.length > 0
  })
  expect(poisoned).toEqual([])
  expect(await settled).toEqual({ kind: 'stored' })
  await lane.close()
  way.cut()
})
