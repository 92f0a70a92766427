import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net'
import type { DeliverySummary, EventData, EventDraft } from '@pulse/contract'
import type { Batch } from '#connect'
import {
  asPipeline,
  type ConnectionFacts,
  connect,
  type Database,
  emit,
  type ManualClock,
  manualClock,
  newId,
} from '#platform'
import type { Act } from '#registry'
import { type TestDatabase, testDatabase, testLog, testVault } from '#testing'
import { type Actions, type ActionsDeps, createActions } from './actions.ts'

export const act = (tenant = 1): Act => ({ tenant, actor: { kind: 'person', id: 'ada' } })

export type Alert = EventData<'rules.alert-opened'>

/** A tenant's alert, and the events of its life. */
export function someAlert(clock: ManualClock, tenant = 1, device = 'ups-0041') {
  const base = {
    alert: newId('al', clock.now()),
    rule: 'too-hot',
    title: 'UPS overheats',
    severity: 'critical',
    device: device as Alert['device'],
    deviceName: 'UPS 41',
    site: 'dallas-2',
    openedAt: new Date(clock.now()).toISOString(),
    reason: 'internalTempC stayed above 36 for 5 s',
  } as const
  const subject = `alert:${base.alert}`
  const values = { 'metrics.internalTempC': 39.1 }
  const opened = { type: 'rules.alert-opened', tenant, subject, data: { ...base, values } } as const
  const data = { ...base, clearedAt: base.openedAt }
  const cleared = { type: 'rules.alert-cleared', tenant, subject, data } as const
  return { id: base.alert, opened: opened as EventDraft, cleared: cleared as EventDraft }
}

/** Actions over a database of its own, with a clock that moves only when told. */
export async function testActions(notify: readonly string[] = ['ops']) {
  const database = await testDatabase()
  const clock = manualClock(Date.now())
  const vault = await testVault(database)
  const running: Actions[] = []
  const opened: Database[] = []
  const changes: { tenant: number; summary: DeliverySummary }[] = []

  const open = (facts: ConnectionFacts) => {
    const db = connect(facts, 'pulse_pipeline', { max: 2, name: 'delivery' })
    opened.push(db)
    return db
  }
  const create = (extra: Partial<ActionsDeps> = {}): Actions => {
    const actions = createActions({
      app: database.as('pulse_app'),
      pipeline: open(database.facts('pulse_pipeline')),
      vault,
      clock,
      log: testLog,
      destinationsOf: () => notify,
      alone: false,
      random: () => 0.5,
      ...extra,
    })
    running.push(actions)
    actions.onChange((tenant, summary) => changes.push({ tenant, summary }))
    return actions
  }
  return {
    database,
    vault,
    clock,
    create,
    open,
    changes,
    /** Commits facts as a lane does. */
    commit: (actions: Actions, ...facts: EventDraft[]) =>
      commit(database, clock, { actions, facts }),
    states: async () => {
      const rows = await database.as('pulse_pipeline')<{ state: string; event: string }[]>`
        select state, event from actions.delivery order by seq`
      return rows.map(({ state }) => state)
    },
    async close() {
      await Promise.all(running.map((actions) => stopped(actions, clock)))
      await Promise.all(opened.map((db) => db.end({ timeout: 1 })))
      await database.drop()
    },
  }
}

export type TestActions = Awaited<ReturnType<typeof testActions>>

async function commit(
  database: TestDatabase,
  clock: ManualClock,
  { actions, facts }: { readonly actions: Actions; readonly facts: EventDraft[] },
): Promise<void> {
  const db = database.as('pulse_pipeline')
  const lane = { index: 0, sql: asPipeline(db), owns: () => true, wake: () => {} }
  const stage = await actions.stage(lane)
  const batch: Batch = { at: clock.now(), items: [], facts, wake: () => {} }
  const draft = stage.plan(batch)
  await db.begin((tx) => {
    const sql = asPipeline(tx as unknown as Database)
    return Promise.all([...stage.write(sql, draft), emit(sql, facts, batch.at)])
  })
  stage.apply(draft)
}

/** Stops at once: the grace of attempts under way is the clock's. */
async function stopped(actions: Actions, clock: ManualClock): Promise<void> {
  const done = { yet: false }
  const stopping = actions.stop().finally(() => {
    done.yet = true
  })
  await until(() => {
    if (!done.yet) clock.advance(5000)
    return done.yet
  })
  await stopping
}

/** Waits until `holds`, asking every 5 ms; fails after 10 s. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('what was waited for did not come')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Lets what is under way come to rest: for promises that something does not happen. */
export const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150))

/** A way to the database that a test can cut: connections end, and new ones are refused. */
export async function cuttable(facts: ConnectionFacts) {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const local = facts.host.startsWith('/')
    const far = local
      ? connectSocket(`${facts.host}/.s.PGSQL.${facts.port}`)
      : connectSocket(facts.port, facts.host)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    near.pipe(far).pipe(near)
    near.on('close', () => far.destroy())
  })
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const cut = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { facts: { ...facts, host: '127.0.0.1', port }, cut, mend: () => listen(port), close: cut }
}
