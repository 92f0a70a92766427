import { expect } from 'vitest'
import type { RouteFacts } from '#platform'
import { envelope, eventually, type Harness } from './harness.ts'
import { apiKey } from './route-askers.ts'
import { type Answer, ask, known, missing, type Question, type Walk } from './route-walk.ts'

const actor = { kind: 'system', id: 'test' } as const
/** Stands in the names of things of the other tenant, and in no request of anybody else. */
export const CANARY = 'canary-4f1c'

/** The other tenant, and somebody of it. */
export interface Theirs {
  readonly pulse: Harness
  readonly walk: Walk
  readonly tenant: number
  /** Of an admin. */
  readonly bearer: string
}

async function succeed({ pulse, bearer }: Theirs, question: Question): Promise<Answer['body']> {
  const answer = await ask(pulse.http, { ...question, bearer })
  expect(answer.status, `${question.method} ${question.path} ${answer.text}`).toBeLessThan(300)
  return answer.body
}

/** Makes one of each thing in the other tenant, up to an alert and its delivery. */
export async function plantTheirs(there: Theirs): Promise<void> {
  const { pulse, tenant } = there
  const asThem = (method: string, path: string, body?: object) =>
    succeed(there, { method, path, body })
  const name = `Theirs ${CANARY}`
  const type = { key: 'their-type', name, staleAfterS: 60, offlineAfterS: 120, metrics: [] }
  const act = { tenant, actor }
  await pulse.app.registry.devices.registerType(act, type)
  const site = { key: 'their-site', name, lat: null, lon: null }
  await pulse.app.registry.devices.registerSite(act, site)
  await asThem('PUT', '/v1/destinations/their-hook', {
    name,
    kind: 'webhook',
    url: 'https://hooks.invalid/x',
  })
  await asThem('PUT', '/v1/rules/their-rule', {
    pulse: 'rule/v1',
    kind: 'threshold',
    key: 'their-rule',
    title: `Hot ${CANARY}`,
    severity: 'warning',
    when: 'metrics.tempC > 30.0',
    notify: ['their-hook'],
  })
  await asThem('PUT', '/v1/roles/their-role', { name, permissions: ['alert.read'] })
  const invitation = { email: `${CANARY}@other.example`, role: 'their-role' }
  await asThem('POST', '/v1/invitations', invitation)
  await apiKey(pulse, tenant, ['device.read'], name)
  await asThem('POST', '/v1/devices', {
    key: 'theirs-1',
    name,
    type: 'their-type',
    site: 'their-site',
  })
  const made = await asThem('POST', '/v1/devices/theirs-1/tokens')
  await pulse.ingest(String(made['token']), envelope({ id: 'hot' }, { tempC: 50 }))
  for (const list of ['/v1/alerts?state=all', '/v1/deliveries']) {
    await eventually(
      async () => ((await asThem('GET', list))['items'] as unknown[])[0] !== undefined,
    )
  }
}

/** Makes what a test of ours does not know, by the example of the API document. */
async function makeOne({ pulse, walk, bearer }: Theirs, list: RouteFacts, path: string) {
  const { routes } = pulse.app
  const making = routes.find(({ method, url }) => method === 'POST' && url === list.url)
  if (!making) return
  const { body } = walk.fitting(making, missing('made'))
  await ask(pulse.http, { method: 'POST', path, bearer, body })
}

/** What their lists name, by what stands before it in addresses: `rules` → `their-rule`. */
export async function findTheirs(there: Theirs): Promise<Record<string, string>> {
  const { pulse, walk, bearer } = there
  const found: Record<string, string> = {}
  const lists = pulse.app.routes
    .filter(({ method, permission }) => method === 'GET' && permission !== undefined)
    // Lists of a thing's own things come after it.
    .sort((a, b) => a.url.length - b.url.length)
  for (const route of lists) {
    const { path } = walk.fitting(route, known(found, 'list'))
    const thing = route.url.split('/').at(-1) ?? ''
    if (thing.startsWith(':') || thing === 'live') continue
    const state = thing === 'alerts' ? '?state=all' : ''
    const look = async (): Promise<readonly unknown[]> => {
      const question = { method: 'GET', path: path + state, bearer }
      const { items } = (await ask(pulse.http, question)).body
      return Array.isArray(items) ? items : []
    }
    let items = await look()
    if (items.length === 0) {
      await makeOne(there, route, path)
      items = await look()
    }
    // The last: built-in ones, which everybody has, come first.
    const last = (items.at(-1) ?? {}) as Record<string, unknown>
    const id = last['key'] ?? last['id'] ?? last['person']
    if (typeof id === 'string' && found[thing] === undefined) found[thing] = id
  }
  return found
}

/** What everybody may do, by the tables. */
export const standing = ({ db }: Harness) => db.superuser()`
  select p.id, p.operator, p.active, m.tenant, m.role, m.active as "here", m.source
    from registry.person p left join registry.membership m on m.person = p.id order by p.id, m.tenant`

/** Tables with a tenant, but for those that change by themselves. */
async function tables({ db }: Harness): Promise<readonly string[]> {
  const rows = await db.superuser()<{ name: string }[]>`
    select n.nspname || '.' || c.relname as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped
     where c.relkind = 'r' and n.nspname in ('registry', 'rules', 'actions', 'platform', 'fleet')
       and c.relname not in ('delivery', 'attempt', 'outbox', 'history', 'device_index')
     order by 1`
  return rows.map(({ name }) => name)
}

/** All rows of a tenant, as text; when people were last seen is written behind. */
export async function snapshot(pulse: Harness, tenant: number): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const table of await tables(pulse)) {
    const rows = await pulse.db.superuser().unsafe<{ row: object }[]>(
      `select to_jsonb(t) - 'last_seen_at' - 'last_used_at' as row from ${table} t
        where tenant = ${tenant} order by 1`,
    )
    found[table] = rows.map(({ row }) => JSON.stringify(row))
  }
  return found
}

/** Tables with a row in which this text stands; kept answers are no facts of anything. */
export async function marked(pulse: Harness, text: string): Promise<string[]> {
  const found: string[] = []
  for (const table of [...(await tables(pulse)), 'registry.person']) {
    const rows = await pulse.db
      .superuser()
      .unsafe(`select from ${table} t where t::text like '%${text}%' limit 1`)
    if (rows.length > 0) found.push(table)
  }
  return found
}
