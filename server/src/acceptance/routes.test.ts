import { type Role, rolePermissions, roles } from '@pulse/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exampleOf } from '#ops'
import { createShell, type OpenApi, type Operation, type RouteFacts } from '#platform'
import { testLog } from '#testing'
import { envelope, eventually, type Harness, startPulse } from './harness.ts'

// Every test walks the routes of the running app: a new route is covered by being there.

const actor = { kind: 'system', id: 'test' } as const
const password = 'correct horse battery staple'
const UUID = '01939d3e-5a10-7c3e-8a10-0123456789ab'

let pulse: Harness
let document: OpenApi
/** Bearers of people of acme, one for each role. */
let ours: Record<Role, string>
/** The bearer of an admin of the other tenant. */
let theirAdmin: string
/** What stands in an address after `/rules/`, `/devices/` and so on: of the other tenant. */
let theirs: Ids
/** The same for things that are nowhere; the name keeps what one test makes from another's sight. */
const missing = (name: string): Ids => ({
  devices: `no-${name}`,
  tokens: 'zzzzzzzz',
  rules: `no-${name}`,
  destinations: `no-${name}`,
  alerts: `al_${UUID}`,
  deliveries: `dl_${UUID}`,
})
const nowhere = missing('session')

interface Ids {
  readonly devices: string
  readonly tokens: string
  readonly rules: string
  readonly destinations: string
  readonly alerts: string
  readonly deliveries: string
}

beforeAll(async () => {
  pulse = await startPulse()
  document = await pulse.app.openapi()
  const bearers = await Promise.all(roles.map((role) => signIn(pulse.tenant, role)))
  ours = Object.fromEntries(roles.map((role, index) => [role, bearers[index]])) as typeof ours
  const other = await pulse.app.registry.tenants.createTenant(
    { key: 'other', name: 'Other' },
    actor,
  )
  theirAdmin = await signIn(other.id, 'admin', 'other')
  theirs = await plantTheirs(other.id)
})
afterAll(() => pulse.close())

async function signIn(tenant: number, role: Role, prefix = 'our'): Promise<string> {
  const username = `${prefix}-${role}`
  await pulse.app.registry.people.createPerson(
    tenant,
    { username, name: role, password, role },
    actor,
  )
  const answer = await fetch(`${pulse.http}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  })
  return ((await answer.json()) as { token: string }).token
}

/** Makes one of each thing in the other tenant, by its own API, up to an alert and its delivery. */
async function plantTheirs(tenant: number): Promise<Ids> {
  const names = { devices: 'theirs-1', rules: 'their-rule', destinations: 'their-hook' }
  const type = { key: 'probe', name: 'Probe', staleAfterS: 60, offlineAfterS: 120, metrics: [] }
  await pulse.app.registry.devices.registerType({ tenant, actor }, type)
  await asThem('PUT', `/v1/destinations/${names.destinations}`, {
    name: 'Hook',
    kind: 'webhook',
    url: 'https://hooks.invalid/x',
  })
  await asThem('PUT', `/v1/rules/${names.rules}`, {
    pulse: 'rule/v1',
    kind: 'threshold',
    key: names.rules,
    title: 'Hot',
    severity: 'warning',
    when: 'metrics.tempC > 30.0',
    notify: [names.destinations],
  })
  await asThem('POST', '/v1/devices', { key: names.devices, type: 'probe' })
  const made = await asThem('POST', `/v1/devices/${names.devices}/tokens`)
  await pulse.ingest(String(made['token']), envelope({ id: 'hot' }, { tempC: 50 }))
  const first = (list: string) =>
    eventually(async () => ((await asThem('GET', list))['items'] as { id: string }[])[0]?.id)
  return {
    ...names,
    tokens: String(made['id']),
    alerts: await first('/v1/alerts?state=all'),
    deliveries: await first('/v1/deliveries'),
  }
}

async function asThem(
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const answer = await ask({ method, path, bearer: theirAdmin, body })
  expect(answer.status, `${method} ${path}`).toBeLessThan(300)
  return answer.body
}

interface Question {
  readonly method: string
  readonly path: string
  readonly bearer?: string | undefined
  readonly body?: unknown
  readonly tenant?: string | undefined
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

async function ask({ method, path, bearer, body, tenant }: Question): Promise<Answer> {
  const answer = await fetch(pulse.http + path, {
    method,
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(tenant === undefined ? {} : { 'pulse-tenant': tenant }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  })
  if (method === 'HEAD' || !/\bjson/.test(answer.headers.get('content-type') ?? '')) {
    // The live stream does not end by itself.
    await answer.body?.cancel()
    return { status: answer.status, body: {} }
  }
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

/** A request that fits `route`, about the things in `ids`. */
function fitting(route: RouteFacts, ids: Ids): Question {
  const path = addressOf(route, ids)
  const operation = operationOf(route)
  if (!operation) return { method: route.method, path }
  const { schemas } = document.components
  const query = (operation.parameters ?? [])
    .filter((each) => each.in === 'query' && each.required)
    .map(({ name, schema }): [string, string] => [
      name,
      String(inQuery[name] ?? exampleOf(schema, schemas, name)),
    ])
  const schema = operation.requestBody?.content?.['application/json']?.schema
  const body = schema && (exampleOf(schema, schemas) as Record<string, unknown>)
  // A document that repeats its key must agree with the address.
  if (body && 'key' in body && route.url.includes(':key')) body['key'] = path.split('/').at(-1)
  const asked = query.length === 0 ? path : `${path}?${new URLSearchParams(query)}`
  return { method: route.method, path: asked, body }
}

const inQuery: Readonly<Record<string, string>> = {
  from: '2026-11-24T00:00:00Z',
  to: '2026-11-24T01:00:00Z',
}

const operationOf = ({ method, url }: RouteFacts): Operation | undefined =>
  document.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]

function addressOf({ url }: RouteFacts, ids: Ids): string {
  return url.replace(/([\w-]+)\/:\w+/g, (_, thing: string) => {
    const id = ids[thing as keyof Ids]
    if (id === undefined) throw new Error(`${url}: say in this test what stands after /${thing}/`)
    return `${thing}/${id}`
  })
}

const nameOf = ({ method, url }: RouteFacts): string => `${method} ${url}`

/** Asks every route that `which` picks, and names those whose answer is not `right`. */
async function wrongAmong(
  which: (route: RouteFacts) => boolean,
  right: (route: RouteFacts) => Promise<boolean>,
): Promise<string[]> {
  const routes = pulse.app.routes.filter(which)
  expect(routes.length).toBeGreaterThan(0)
  const judged = await Promise.all(
    routes.map(async (route) => ((await right(route)) ? [] : [nameOf(route)])),
  )
  return judged.flat()
}

const isOpen = (route: RouteFacts) => route.open === 'nobody'
const ofTenant = (route: RouteFacts) => route.permission !== undefined
const ofThing = (route: RouteFacts) => ofTenant(route) && route.url.includes(':')

describe('without a session', () => {
  test.for([undefined, 'pulse_s_nonsense'])(
    'every route answers 401, but for open ones (bearer %s)',
    async (bearer) => {
      const refused = async (route: RouteFacts) =>
        (await ask({ method: route.method, path: addressOf(route, nowhere), bearer })).status ===
        401
      expect(await wrongAmong((route) => !isOpen(route), refused)).toEqual([])
      expect(await wrongAmong(isOpen, async (route) => !(await refused(route)))).toEqual([])
    },
  )

  test('a HEAD tells no more than the GET', async () => {
    const refused = async (route: RouteFacts) =>
      (await ask({ method: 'HEAD', path: addressOf(route, nowhere) })).status === 401
    expect(await wrongAmong((route) => route.method === 'GET' && !isOpen(route), refused)).toEqual(
      [],
    )
  })

  test('the token of a device opens ingest only', async () => {
    const { probe: token } = await pulse.enrol('probe')
    const refused = async (route: RouteFacts) =>
      (await ask({ ...fitting(route, nowhere), bearer: token })).status === 401
    expect(await wrongAmong((route) => !isOpen(route) && route.open !== 'device', refused)).toEqual(
      [],
    )
  })
})

describe('the roles', () => {
  test.for(roles)('a %s is refused what only others may, and nothing else', async (role) => {
    const may = new Set<string>(rolePermissions[role])
    const right = async (route: RouteFacts) => {
      const { status, body } = await ask({ ...fitting(route, missing(role)), bearer: ours[role] })
      const refused = status === 403 && body['code'] === 'registry.forbidden'
      return refused === !may.has(route.permission ?? '') && status < 500 && status !== 401
    }
    expect(await wrongAmong(ofTenant, right)).toEqual([])
  })

  test('of one tenant say nothing in another', async () => {
    const right = async (route: RouteFacts) => {
      const question = { ...fitting(route, theirs), bearer: ours.admin }
      const [there, none] = await Promise.all([
        ask({ ...question, tenant: 'other' }),
        ask({ ...question, tenant: 'no-such-tenant' }),
      ])
      return there.status === 404 && sameBut(['requestId'], there, none)
    }
    expect(await wrongAmong(ofTenant, right)).toEqual([])
  })
})

describe('things of another tenant', () => {
  test.for(['viewer', 'admin'] as const)(
    'are answered to a %s as if they did not exist',
    async (role) => {
      const right = async (route: RouteFacts) => {
        const bearer = ours[role]
        const there = await ask({ ...fitting(route, theirs), bearer })
        const none = await ask({ ...fitting(route, missing('thing')), bearer })
        return [403, 404].includes(there.status) && sameBut(['requestId', 'detail'], there, none)
      }
      // A PUT makes a thing of one's own under that key: the next test.
      const others = (route: RouteFacts) => ofThing(route) && route.method !== 'PUT'
      expect(await wrongAmong(others, right)).toEqual([])
    },
  )

  test('are not changed by what is done elsewhere under the same names', async () => {
    const paths = [
      `/v1/devices/${theirs.devices}/tokens`,
      `/v1/devices/${theirs.devices}/commands`,
      `/v1/rules/${theirs.rules}`,
      `/v1/destinations/${theirs.destinations}`,
      `/v1/alerts/${theirs.alerts}`,
    ]
    // The attempts of the delivery go on meanwhile.
    const seen = async () =>
      (await Promise.all(paths.map((path) => asThem('GET', path)))).map(
        ({ deliveries: _, ...rest }) => rest,
      )
    const before = await seen()
    const done = async (route: RouteFacts) => {
      const { status } = await ask({ ...fitting(route, theirs), bearer: ours.admin })
      return route.method === 'PUT' ? status === 200 : status >= 400 || route.method === 'GET'
    }
    expect(await wrongAmong(ofThing, done)).toEqual([])
    expect(await seen()).toEqual(before)
  })

  test('are answered to their own tenant, so that the tests above ask rightly', async () => {
    const right = async (route: RouteFacts) =>
      (await ask({ ...fitting(route, theirs), bearer: theirAdmin })).status < 300
    expect(await wrongAmong((route) => ofThing(route) && route.method === 'GET', right)).toEqual([])
  })
})

function sameBut(fields: readonly string[], a: Answer, b: Answer): boolean {
  const rest = ({ status, body }: Answer) =>
    JSON.stringify([status, Object.entries(body).filter(([name]) => !fields.includes(name))])
  return rest(a) === rest(b)
}

describe('a route', () => {
  const shell = () =>
    createShell({ log: testLog, authenticate: async () => undefined, version: '0' })

  test('without a declared permission keeps Pulse from starting', async () => {
    const app = await shell()
    expect(() => app.get('/v1/planted', () => 'all')).toThrow('declares no permission')
  })

  test('that declares both a permission and to be open keeps Pulse from starting', async () => {
    const app = await shell()
    const config = { permission: 'device.read', open: 'nobody' } as const
    expect(() => app.get('/v1/planted', { config }, () => 'all')).toThrow('declares no permission')
  })

  test('that is documented is one that is there, and the reverse', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const there = pulse.app.routes
      .filter(({ hidden }) => !hidden)
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`)
    expect(documented.sort()).toEqual(there.sort())
    expect(pulse.app.routes.every(({ url, hidden }) => url.startsWith('/v1/') !== hidden)).toBe(
      true,
    )
  })
})
