import { roles } from '@pulse/contract'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { OpenApi, RouteFacts } from '#platform'
import { createShell, silentLog } from '#platform'
import { mayAsk } from '../contracts.ts'
import { type Harness, startPulse } from './harness.ts'
import { type Asker, makeAskers, person } from './route-askers.ts'
import { CANARY, findTheirs, marked, plantTheirs, snapshot, standing } from './route-theirs.ts'
import {
  type Answer,
  ask,
  createWalk,
  known,
  missing,
  type Question,
  textsIn,
  type Walk,
  withAt,
} from './route-walk.ts'

// Every test walks the routes of the running app: a new route is covered by being there.

// Some thousand requests in a test.
vi.setConfig({ testTimeout: 180_000 })

const actor = { kind: 'system', id: 'test' } as const

let pulse: Harness
let document: OpenApi
let walk: Walk
let askers: readonly Asker[]
/** Somebody of the other tenant, its internal id, and its things by what stands before them in addresses. */
let theirAdmin: string
let other: number
let theirs: Readonly<Record<string, string>>
/** What was answered to others than them, and told of them. */
const told: string[] = []

beforeAll(async () => {
  pulse = await startPulse()
  document = await pulse.app.openapi()
  walk = createWalk(document)
  const { id } = await pulse.app.registry.tenants.createTenant(
    { key: 'other', name: `Other ${CANARY}` },
    actor,
  )
  other = id
  const facts = { tenant: other, role: 'admin', named: `Theirs ${CANARY}` } as const
  theirAdmin = (await person(pulse, 'their-admin', facts)).bearer
  const there = { pulse, walk, tenant: other, bearer: theirAdmin }
  await plantTheirs(there)
  theirs = await findTheirs(there)
  askers = await makeAskers(pulse, other)
})
afterAll(() => pulse?.close())

const asker = (name: string): Asker => {
  const found = askers.find((each) => each.name === name)
  if (!found) throw new Error(`nobody is called ${name}`)
  return found
}
const ours = (role: string) => asker(`${pulse.tenant}-${role}`)

/** Asks as somebody who has no business in the other tenant, and notes what tells of it. */
async function send(question: Question): Promise<Answer> {
  const answer = await ask(pulse.http, question)
  if (answer.text.includes(CANARY)) told.push(`${question.method} ${question.path}`)
  return answer
}

const nameOf = ({ method, url }: RouteFacts): string => `${method} ${url}`

/** Asks every route that `which` picks, and names those whose answer is not `right`. */
async function wrongAmong(
  which: (route: RouteFacts) => boolean,
  right: (route: RouteFacts) => Promise<boolean | string>,
): Promise<string[]> {
  const routes = pulse.app.routes.filter(which)
  expect(routes.length).toBeGreaterThan(0)
  const judged = await Promise.all(
    routes.map(async (route) => {
      const so = await right(route)
      return so === true ? [] : [so === false ? nameOf(route) : `${nameOf(route)}: ${so}`]
    }),
  )
  return judged.flat()
}

const ofTenant = (route: RouteFacts) => route.permission !== undefined
const ofThing = (route: RouteFacts) => ofTenant(route) && route.url.includes(':')
const endsItself = ({ method, url }: RouteFacts) => `${method} ${url}` === 'DELETE /v1/session'

/** The refusal that says that somebody may not ask this route; undefined for any other answer. */
function refusalIn(route: RouteFacts, { status, body }: Answer): string | undefined {
  const code = String(body['code'])
  const says = [
    'registry.unauthenticated',
    'registry.forbidden',
    'registry.operators-only',
    'registry.people-only',
    'registry.suspended',
    'registry.deactivated',
    ...(ofTenant(route) ? ['registry.unknown-tenant'] : []),
  ]
  if (says.includes(code)) return code
  // A route that authenticates devices refuses in words of its own.
  if (route.open === 'device' && status === 401) return 'registry.unauthenticated'
  return status >= 500 ? `${status}` : undefined
}

describe('everybody who asks', () => {
  test('gets from every route what is theirs, and else the refusal that says why', async () => {
    const wrong: string[] = []
    for (const who of askers) {
      const all = await wrongAmong(
        () => true,
        async (route) => {
          const bearer = endsItself(route) ? await who.fresh() : who.bearer
          const question = walk.fitting(route, missing(who.name.replaceAll(/\W/g, '-')))
          // Who belongs there, or to the platform, may hear of it.
          const theirs = who.name.startsWith(`${other}-`) || route.operator
          const answer = await (theirs
            ? ask(pulse.http, { ...question, bearer })
            : send({ ...question, bearer }))
          const got = refusalIn(route, answer)
          return got === who.refusal(route) || `${got}, not ${who.refusal(route)}`
        },
      )
      wrong.push(...all.map((each) => `${who.name} ${each}`))
    }
    expect(wrong).toEqual([])
  })

  test('is expected to be refused where docs/permissions.md says so, and nowhere else', () => {
    const columns = askers.filter(({ column }) => column !== undefined)
    expect(new Set(columns.map(({ column }) => column)).size).toBe(roles.length + 3)
    for (const { column, refusal } of columns) {
      for (const route of pulse.app.routes) {
        const may = column !== undefined && mayAsk(column, route)
        expect(refusal(route) === undefined, `${column} ${nameOf(route)}`).toBe(may)
      }
    }
  })

  test('learns no more from a HEAD than from the GET', async () => {
    const refused = async (route: RouteFacts) => {
      const path = walk.addressOf(route, missing('head'))
      return (await send({ method: 'HEAD', path })).status === 401
    }
    const closed = (route: RouteFacts) => route.method === 'GET' && route.open !== 'nobody'
    expect(await wrongAmong(closed, refused)).toEqual([])
  })

  test('gets nothing in a tenant that is not theirs by naming it', async () => {
    for (const who of [ours('admin'), ours('key-all'), asker('operator')]) {
      const right = async (route: RouteFacts) => {
        const question = { ...walk.fitting(route, known(theirs, 'named')), bearer: who.bearer }
        const [there, none] = await Promise.all([
          send({ ...question, tenant: 'other' }),
          send({ ...question, tenant: 'no-such-tenant' }),
        ])
        return there.status === 404 && sameBut(['requestId'], there, none)
      }
      expect(await wrongAmong(ofTenant, right), who.name).toEqual([])
    }
  })
})

describe('things of another tenant', () => {
  test('are found by their own people, so that the tests below ask rightly', async () => {
    const right = async (route: RouteFacts) => {
      const question = { ...walk.fitting(route, known(theirs, 'x')), bearer: theirAdmin }
      const { status } = await ask(pulse.http, question)
      // 409: it is there, and not ready.
      return status < 300 || status === 409 || `${status}`
    }
    const read = (route: RouteFacts) => ofThing(route) && route.method === 'GET'
    expect(await wrongAmong(read, right)).toEqual([])
  })

  test('are answered as if they did not exist, in an address', async () => {
    for (const who of [ours('viewer'), ours('admin'), ours('key-all')]) {
      const right = async (route: RouteFacts) => {
        const { bearer } = who
        const there = await send({ ...walk.fitting(route, known(theirs, 'x')), bearer })
        const none = await send({ ...walk.fitting(route, missing('thing')), bearer })
        return (
          ([403, 404].includes(there.status) && sameBut(['requestId', 'detail'], there, none)) ||
          `${there.status} and ${none.status}`
        )
      }
      // A PUT makes a thing of one's own under that key: below.
      const others = (route: RouteFacts) => ofThing(route) && route.method !== 'PUT'
      expect(await wrongAmong(others, right), who.name).toEqual([])
    }
  })

  test('are answered as if they did not exist, in a query', async () => {
    const right = async (route: RouteFacts) => {
      const { path } = walk.fitting(route, missing('query'))
      const [address, given] = path.split('?')
      for (const { name } of walk.parametersOf(route, 'query')) {
        const answers = async (value: string) => {
          const query = new URLSearchParams(given)
          query.set(name, value)
          const question = { method: route.method, path: `${address}?${query}` }
          return send({ ...question, bearer: ours('admin').bearer })
        }
        const [none, ...there] = await Promise.all(
          ['no-such-thing', ...Object.values(theirs)].map(answers),
        )
        // A value of another shape may be refused as such; more than that is not to be seen.
        const odd = there.find(({ status }) => status !== none?.status && status !== 400)
        if (odd && none?.status !== 400) return `${name}: ${odd.status}, not ${none?.status}`
      }
      return true
    }
    const asked = (route: RouteFacts) =>
      ofTenant(route) && route.url !== '/v1/live' && walk.parametersOf(route, 'query').length > 0
    expect(await wrongAmong(asked, right)).toEqual([])
  })

  test('are answered as if they did not exist, in every text of a body', async () => {
    const before = await snapshot(pulse, other)
    const right = async (route: RouteFacts) => {
      const texts = textsIn(walk.fitting(route, missing('body')).body)
      for (const way of texts.filter((each) => !SECRETS.includes(each.at(-1) ?? ''))) {
        const outcome = async (value: string) => {
          const question = walk.fitting(route, missing('body'))
          const body = withAt(question.body, way, value)
          const answer = await send({ ...question, body, bearer: ours('admin').bearer })
          return `${answer.status} ${answer.body['code']}`
        }
        // Twice: the second may find what the first has made.
        const none = [await outcome(`no-${way.join('-')}`), await outcome(`no-${way.join('-')}`)]
        for (const [thing, value] of Object.entries(theirs)) {
          const there = await outcome(value)
          const shape = there === '400 platform.invalid'
          if (!shape && !none.includes(there) && !(await sameAgain(outcome, value, there))) {
            return `${way.join('.')} with one of ${thing}: ${there}, not ${none.join(' or ')}`
          }
        }
      }
      return true
    }
    const written = (route: RouteFacts) => ofTenant(route) && walk.bodySchemaOf(route) !== undefined
    expect(await wrongAmong(written, right)).toEqual([])
    expect(await snapshot(pulse, other)).toEqual(before)
  })

  test('are neither changed nor reached by what is done under the same names', async () => {
    const before = await snapshot(pulse, other)
    const done = async (route: RouteFacts) => {
      const question = walk.fitting(route, known(theirs, 'x'))
      const { status } = await send({ ...question, bearer: ours('admin').bearer })
      return route.method === 'PUT' ? status < 500 : status >= 400 || route.method === 'GET'
    }
    expect(await wrongAmong(ofThing, done)).toEqual([])
    expect(await snapshot(pulse, other)).toEqual(before)
  })

  test('are never told of to anybody else, in all of the above', () => {
    expect([...new Set(told)]).toEqual([])
  })
})

/** What is kept of these is sealed or a hash, and names nothing. */
const SECRETS = ['secret', 'token', 'password', 'current', 'next', 'code']

/** A value of a shape that `no-…` has not: is it answered like a stranger of the same shape? */
async function sameAgain(
  outcome: (value: string) => Promise<string>,
  value: string,
  there: string,
): Promise<boolean> {
  const stranger = value.replace(/[0-9a-z](?=[^0-9a-z]*$)/, (last) => (last === '0' ? '1' : '0'))
  return [await outcome(stranger), await outcome(stranger)].includes(there)
}

describe('fields that nobody may set', () => {
  const MARK = 'planted-9d2e'
  const planted: Readonly<Record<string, unknown>> = {
    tenant: 'other',
    tenantId: 2,
    role: 'admin',
    operator: true,
    permissions: ['member.write', MARK],
    id: MARK,
    createdBy: MARK,
    createdAt: '2000-01-01T00:00:00Z',
    source: MARK,
    suspended: true,
    builtIn: true,
    active: false,
  }

  /** Those that the body of a route does not have by right. */
  function extraFor(route: RouteFacts): Readonly<Record<string, unknown>> {
    const has = Object.keys(walk.bodySchemaOf(route)?.['properties'] ?? {})
    return Object.fromEntries(Object.entries(planted).filter(([field]) => !has.includes(field)))
  }

  test('are refused or ignored in the body of every route, and never taken', async () => {
    const before = await snapshot(pulse, other)
    const people = await standing(pulse)
    for (const who of [ours('admin'), ours('engineer'), ours('key-all')]) {
      const right = async (route: RouteFacts) => {
        for (const [field, value] of Object.entries(extraFor(route))) {
          const question = walk.fitting(route, missing(`planted-${who.name.slice(-4)}`))
          const body = { ...(question.body as object), [field]: value }
          const { status, text } = await send({ ...question, body, bearer: who.bearer })
          if (status >= 500 || (status < 300 && text.includes(MARK))) return `${field}: ${status}`
        }
        return true
      }
      const written = (route: RouteFacts) =>
        route.open !== 'device' && walk.bodySchemaOf(route) !== undefined
      expect(await wrongAmong(written, right), who.name).toEqual([])
    }
    expect(await marked(pulse, MARK)).toEqual([])
    expect(await snapshot(pulse, other)).toEqual(before)
    expect(await standing(pulse)).toEqual(people)
  })
})

function sameBut(fields: readonly string[], a: Answer, b: Answer): boolean {
  const rest = ({ status, body }: Answer) =>
    JSON.stringify([status, Object.entries(body).filter(([name]) => !fields.includes(name))])
  return rest(a) === rest(b)
}

describe('a route', () => {
  const shell = () =>
    createShell({ log: silentLog, authenticate: async () => undefined, version: '0' })

  test('without a declared permission keeps Pulse from starting', async () => {
    const app = await shell()
    expect(() => app.get('/v1/planted', () => 'all')).toThrow('declares no permission')
  })

  test.for([
    { permission: 'device.read', open: 'nobody' },
    { permission: 'device.read', operator: true },
    { open: 'person', operator: true },
  ] as const)('that declares two of them keeps Pulse from starting: %j', async (config) => {
    const app = await shell()
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
