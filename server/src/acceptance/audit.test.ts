import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RouteFacts } from '#platform'
import { type Actors, actOf, nameOf, perform, unaudited } from './audit-acts.ts'
import { eventually, type Harness, startPulse } from './harness.ts'
import { person } from './route-askers.ts'
import { createWalk } from './route-walk.ts'

// The writes are those of the running app: a new route is covered by being there.

let pulse: Harness
let actors: Actors
beforeAll(async () => {
  pulse = await startPulse()
  const admin = await person(pulse, 'ann', { tenant: pulse.tenant, role: 'admin', named: 'Ann' })
  const operator = await person(pulse, 'opal', { tenant: undefined, operator: true, named: 'Opal' })
  actors = {
    pulse,
    walk: createWalk(await pulse.app.openapi()),
    admin: admin.bearer,
    operator: operator.bearer,
  }
  const as = (path: string, body: object) =>
    perform(pulse.http, { method: 'PUT', path, bearer: actors.admin, body })
  await as('/v1/destinations/hook', {
    name: 'Hook',
    kind: 'webhook',
    url: 'https://hooks.invalid/x',
  })
  await as('/v1/rules/hot', {
    pulse: 'rule/v1',
    kind: 'threshold',
    key: 'hot',
    title: 'Hot',
    severity: 'warning',
    when: 'metrics.tempC > 30.0',
    notify: ['hook'],
  })
}, 60_000)
afterAll(() => pulse?.close())

const isWrite = ({ method, hidden }: RouteFacts) =>
  ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method) && !hidden
const writes = (): readonly RouteFacts[] =>
  pulse.app.routes.filter((route) => isWrite(route) && !(nameOf(route) in unaudited))

interface Row {
  readonly id: string
  readonly tenant: string
  readonly actor_kind: string
  readonly actor: string
  readonly actor_name: string | null
  readonly action: string
  readonly subject: string
  readonly before: unknown
  readonly after: unknown
  readonly address: string | null
}

const rowsOf = (requestId: string) =>
  pulse.db.superuser()<Row[]>`
    select * from platform.audit where request_id = ${requestId} order by id`

/** Acts of which subject and time say everything. */
const BARE = [
  'registry.signed-out',
  'registry.password-changed',
  'registry.second-factor-set',
  'registry.second-factor-removed',
  'ops.tenants-seen',
  'ops.export-begun',
]

/** What is wrong with the rows of one write; empty when nothing is. */
function faultsOf(route: RouteFacts, rows: readonly Row[]): string[] {
  if (rows.length === 0) return ['no row']
  const told = rows.map(({ tenant, action }) => `${action} in ${tenant}`)
  const twice = told.filter((each, index) => told.indexOf(each) !== index)
  return [
    ...twice.map((each) => `twice ${each}`),
    ...rows.flatMap((row) => faultsOfRow(route, row)),
  ]
}

function faultsOfRow(route: RouteFacts, row: Row): string[] {
  const { action, before, after } = row
  const wants: readonly (readonly [boolean, string])[] = [
    [row.address === '127.0.0.1', 'has no address'],
    [Boolean(row.actor_name), 'does not say how the actor is called'],
    [(row.actor_kind === 'operator') === route.operator, `is by a ${row.actor_kind}`],
    [before !== null || after !== null || BARE.includes(action), 'says no before or after'],
  ]
  return wants.flatMap(([right, fault]) => (right ? [] : [`${action} ${fault}`]))
}

describe('every write of the API', () => {
  test('leaves its audit row in each log that it concerns, with the id of its request, sealed within a second', async () => {
    const wrong: string[] = []
    const performed: string[] = []
    for (const route of writes()) {
      const answer = await perform(pulse.http, await actOf(actors, route))
      if (answer.status >= 300) {
        wrong.push(`${nameOf(route)}: ${answer.status} ${answer.text.slice(0, 300)}`)
        continue
      }
      performed.push(answer.requestId)
      const rows = await rowsOf(answer.requestId)
      wrong.push(...faultsOf(route, rows).map((fault) => `${nameOf(route)}: ${fault}`))
    }
    expect(wrong).toEqual([])
    expect(performed.length).toBeGreaterThan(25)
    const [{ slow } = { slow: undefined }] = await eventually(async () => {
      const rows = await pulse.db.superuser()<{ slow: number; waiting: number }[]>`
        select count(*) filter (where s.sealed_at - a.at > interval '1 second')::int as slow,
               count(*) filter (where s.audit is null)::int as waiting
          from platform.audit a left join ops.seal s on s.audit = a.id
         where a.request_id = any(${performed})`
      return rows[0]?.waiting === 0 && rows
    })
    expect(slow).toBe(0)
  }, 120_000)

  test('that is an exception is there, so that no exception outlives its route', () => {
    const there = pulse.app.routes.map(nameOf)
    expect(Object.keys(unaudited).filter((name) => !there.includes(name))).toEqual([])
  })
})

/** Tables that change with acts alone; what the fleet and the clock change is left out. */
const ACTED_ON = [
  'registry.tenant',
  'registry.site',
  'registry.device_type',
  'registry.device',
  'registry.membership',
  'registry.person',
  'registry.role',
  'registry.invitation',
  'registry.api_key',
  'registry.entering',
  'registry.account',
  'registry.sign_in',
  'registry.ended_session',
  'rules.rule',
  'actions.destination',
  'connect.command',
  'connect.outbound',
]

/** Columns that change without an act; the step of a one-time code is used up even in vain. */
const BY_ITSELF = `array['seen_at', 'last_seen_at', 'last_used_at', 'expires_at', 'totp_step']`

/** What acts change, as text, by where it lies. */
async function world(): Promise<Map<string, string>> {
  const { db } = pulse
  const looks: Record<string, string> = {
    tokens: 'select id, revoked_at from registry.device_token order by id',
    alerts:
      'select id, acknowledged_at from rules.alert where acknowledged_at is not null order by id',
    deliveries:
      'select id, replayed_at from actions.delivery where replayed_at is not null order by id',
    events: `select id from platform.outbox
              where type like 'registry.%' or type = 'rules.rule-changed' order by id`,
    exports: 'select id from ops.tenant_export order by id',
    audit: `select id from platform.audit where actor_kind <> 'system' order by id`,
    ...Object.fromEntries(
      ACTED_ON.map((table) => [
        table,
        `select to_jsonb(t) - ${BY_ITSELF} as row from ${table} t order by 1`,
      ]),
    ),
  }
  const found = await Promise.all(
    Object.entries(looks).map(async ([name, look]) => {
      return [name, JSON.stringify(await db.superuser().unsafe(look))] as const
    }),
  )
  return new Map(found)
}

/** Makes every audit row fail: as it is written, or when its transaction commits. */
async function failing<T>(when: 'written' | 'committed', work: () => Promise<T>): Promise<T> {
  const root = pulse.db.superuser()
  await root.unsafe(`
    create or replace function ops.fail() returns trigger language plpgsql as $$
    begin raise exception 'planted' using errcode = '23514'; end $$;
    create constraint trigger planted after insert on platform.audit
      ${when === 'committed' ? 'deferrable initially deferred' : 'not deferrable'}
      for each row execute function ops.fail()`)
  try {
    return await work()
  } finally {
    await root`drop trigger planted on platform.audit`
  }
}

describe('a change and its row', () => {
  test.for(['written', 'committed'] as const)(
    'are never apart: none is there when the row cannot be %s',
    { timeout: 120_000 },
    async (when) => {
      const wrong: string[] = []
      for (const route of writes()) {
        const question = await actOf(actors, route)
        const before = await world()
        const answer = await failing(when, () => perform(pulse.http, question))
        if (answer.status < 500) wrong.push(`${nameOf(route)} answers ${answer.status}`)
        for (const [where, text] of await world()) {
          if (before.get(where) !== text) wrong.push(`${nameOf(route)} changed ${where}`)
        }
      }
      expect(wrong).toEqual([])
    },
  )
})
