import { TOTP } from 'otpauth'
import { expect } from 'vitest'
import type { RouteFacts } from '#platform'
import { envelope, eventually, type Harness } from './harness.ts'
import { person, signIn } from './route-askers.ts'
import { missing, type Question, type Walk } from './route-walk.ts'

const password = 'correct horse battery staple'

/** Who acts: members of the tenant, and an operator of the platform. */
export interface Actors {
  readonly pulse: Harness
  readonly walk: Walk
  /** Bearers. */
  readonly admin: string
  readonly operator: string
}

/** What a write needs beyond the example of the API document. */
interface Special {
  /** What stands after `/things/` in the address; made for it, since the write may use it up. */
  readonly ids?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly bearer?: string
}

/** Writes of which no row tells, and why. */
export const unaudited: Readonly<Record<string, string>> = {
  'POST /v1/ingest': 'what devices report is history, not audit',
  'POST /v1/invitations/offer': 'it shows what an invitation offers, and changes nothing',
  'POST /v1/account/second-factor': 'it shows a secret that is not in force until it is confirmed',
}

let drawn = 0
const fresh = (prefix: string): string => `${prefix}-${++drawn}`

export const nameOf = ({ method, url }: RouteFacts): string => `${method} ${url}`

/**
 * The question that performs a write once, with everything it needs made before. A new route is
 * performed by the example of the API document, with things of its address made by the POST or PUT
 * beside it; only what needs more stands in {@link special}.
 */
export async function actOf(actors: Actors, route: RouteFacts): Promise<Question> {
  const { ids = {}, body, bearer } = (await special[nameOf(route)]?.(actors)) ?? {}
  const found = { ...ids }
  for (const [path, thing, isLast] of thingsIn(route.url)) {
    if (found[thing] !== undefined) continue
    const isNew = route.method === 'PUT' && isLast
    found[thing] = isNew ? fresh(thing) : await makeOne(actors, route, path, found)
  }
  const question = fitting(actors, route, found)
  await nameSomebody(actors, question.body)
  const all = question.body === undefined ? body : { ...Object(question.body), ...body }
  return { ...question, body: all, bearer: bearer ?? question.bearer }
}

/** Names somebody who is there and active, so that locking them out changes something. */
async function nameSomebody(actors: Actors, body: unknown): Promise<void> {
  if (typeof body !== 'object' || body === null || !('username' in body)) return
  const { username } = await somebody(actors)
  Object.assign(body, { username, issuer: undefined })
  if ('active' in body) body.active = false
}

/** The things of an address: `/v1/devices/:key/tokens/:id` has devices and tokens, with where each is made. */
function thingsIn(url: string): (readonly [path: string, thing: string, isLast: boolean])[] {
  return [...url.matchAll(/([\w-]+)\/:\w+/g)].map((match) => {
    const end = match.index + match[0].length
    return [url.slice(0, match.index), match[1] ?? '', end === url.length]
  })
}

/** Asks as whoever the route is for, about the things in `found`. */
function fitting(
  { walk, admin, operator }: Actors,
  route: RouteFacts,
  found: Readonly<Record<string, string>>,
): Question {
  const question = walk.fitting(
    route,
    (thing, schema) => found[thing] ?? missing('')(thing, schema),
  )
  const body = question.body as Record<string, unknown> | undefined
  if (body && 'key' in body && !route.url.endsWith('/:key')) body['key'] = fresh('made')
  if (body && 'adminEmail' in body) body['adminEmail'] = `${fresh('first')}@acme.example`
  if (body && route.url === '/v1/devices') Object.assign(body, { type: 'probe', site: 'lab' })
  return { ...question, bearer: route.operator ? operator : admin }
}

/** Makes a thing by the route beside: `POST /things`, else `PUT /things/:key`. */
async function makeOne(
  actors: Actors,
  of: RouteFacts,
  path: string,
  found: Readonly<Record<string, string>>,
): Promise<string> {
  const { routes } = actors.pulse.app
  const thing = of.url.slice(path.length).split('/')[0] ?? ''
  const list = `${path}${thing}`
  const make =
    routes.find(({ method, url }) => method === 'POST' && url === list) ??
    routes.find(({ method, url }) => method === 'PUT' && url.startsWith(`${list}/:`))
  if (!make) throw new Error(`${nameOf(of)}: say in audit-acts.ts how a thing of ${list} is made`)
  const key = fresh(thing)
  const made = await succeed(actors, fitting(actors, make, { ...found, [thing]: key }))
  const [, name = 'key'] = /^[^:]*:(\w+)/.exec(of.url.slice(path.length)) ?? []
  const id = made[name]
  return typeof id === 'string' ? id : key
}

async function succeed({ pulse }: Actors, question: Question): Promise<Record<string, unknown>> {
  const answer = await perform(pulse.http, question)
  expect(answer.status, `${question.method} ${question.path} ${answer.text}`).toBeLessThan(300)
  return answer.text === '' ? {} : (JSON.parse(answer.text) as Record<string, unknown>)
}

/** Sends a question and keeps the id of the request. */
export async function perform(http: string, { method, path, bearer, body }: Question) {
  const answer = await fetch(http + path, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, text, requestId: answer.headers.get('request-id') ?? '' }
}

/** A person of the tenant, for what people do with their own account. */
async function somebody({ pulse }: Actors) {
  const username = fresh('person')
  const made = await person(pulse, username, { tenant: pulse.tenant, role: 'technician' })
  return { ...made, username }
}

const reason = 'asked for by the customer'
const asOperator = (actors: Actors, method: string, path: string, body: object) =>
  succeed(actors, { method, path, body, bearer: actors.operator })

async function tenant(actors: Actors): Promise<string> {
  const key = fresh('tenant')
  const draft = { key, name: key, region: 'us-west-2', adminEmail: `${key}@acme.example` }
  await asOperator(actors, 'POST', '/v1/operator/tenants', draft)
  return key
}

/** An alert of a device of its own. */
async function alert({ pulse, admin }: Actors): Promise<string> {
  const device = fresh('hot')
  const { [device]: token } = await pulse.enrol(device)
  await pulse.ingest(String(token), envelope({ id: device }, { tempC: 50 }))
  return eventually(async () => {
    const answer = await perform(pulse.http, {
      method: 'GET',
      path: `/v1/alerts?device=${device}`,
      bearer: admin,
    })
    return (JSON.parse(answer.text) as { items: { id: string }[] }).items[0]?.id
  })
}

/** A delivery that was given up. */
async function deadLetter(actors: Actors): Promise<string> {
  const id = await alert(actors)
  const root = actors.pulse.db.superuser()
  return eventually(async () => {
    const [row] = await root<{ id: string }[]>`
      update actions.delivery set state = 'dead', settled_at = now(), next_attempt_at = null
       where alert = ${id} returning id`
    return row?.id
  })
}

async function secondFactor(actors: Actors) {
  const { bearer } = await somebody(actors)
  const offer = await succeed(actors, { method: 'POST', path: '/v1/account/second-factor', bearer })
  return { bearer, codes: new TOTP({ secret: String(offer['secret']) }) }
}

/** What the example of the API document is not enough for. */
const special: Readonly<Record<string, (actors: Actors) => Promise<Special>>> = {
  'POST /v1/alerts/:id/acknowledge': async (actors) => ({ ids: { alerts: await alert(actors) } }),
  'POST /v1/deliveries/:id/replay': async (actors) => ({
    ids: { deliveries: await deadLetter(actors) },
  }),
  'PATCH /v1/members/:person': async (actors) => ({
    ids: { members: (await somebody(actors)).id },
  }),
  'DELETE /v1/members/:person': async (actors) => ({
    ids: { members: (await somebody(actors)).id },
  }),
  'PATCH /v1/tenant': async () => ({ body: { name: fresh('Acme') } }),
  'DELETE /v1/session': async (actors) => ({ bearer: (await somebody(actors)).bearer }),
  'PUT /v1/account/password': async (actors) => ({
    bearer: (await somebody(actors)).bearer,
    body: { current: password, next: 'another horse battery staple' },
  }),
  'POST /v1/account/second-factor/confirm': async (actors) => {
    const { bearer, codes } = await secondFactor(actors)
    return { bearer, body: { code: codes.generate() } }
  },
  'POST /v1/account/second-factor/remove': async (actors) => {
    const { bearer, codes } = await secondFactor(actors)
    const path = '/v1/account/second-factor/confirm'
    await succeed(actors, { method: 'POST', path, bearer, body: { code: codes.generate() } })
    // A code works once: this is the next.
    return { bearer, body: { code: codes.generate({ timestamp: Date.now() + 30_000 }) } }
  },
  'DELETE /v1/account/sign-ins/:id': async (actors) => {
    const { username, bearer } = await somebody(actors)
    await signIn(actors.pulse, username)
    const answer = await succeed(actors, { method: 'GET', path: '/v1/account/sign-ins', bearer })
    const other = (answer['items'] as { id: string; current: boolean }[]).find(
      ({ current }) => !current,
    )
    return { bearer, ids: { 'sign-ins': String(other?.id) } }
  },
  'POST /v1/invitations/accept': async (actors) => {
    const username = fresh('invited')
    const { bearer } = await person(actors.pulse, username, { tenant: undefined })
    await actors.pulse.db.superuser()`
      update registry.person set email_verified = true where username = ${username}`
    const { token } = await succeed(actors, {
      method: 'POST',
      path: '/v1/invitations',
      bearer: actors.admin,
      body: { email: `${username}@acme.example`, role: 'viewer' },
    })
    return { bearer, body: { token } }
  },
  'POST /v1/operator/tenants/:key/resume': async (actors) => {
    const key = await tenant(actors)
    await asOperator(actors, 'POST', `/v1/operator/tenants/${key}/suspend`, { reason })
    return { ids: { tenants: key } }
  },
  'POST /v1/operator/tenants/:key/removal': async (actors) => {
    const key = await tenant(actors)
    return { ids: { tenants: key }, body: { confirm: key } }
  },
  'DELETE /v1/operator/tenants/:key/removal': async (actors) => {
    const key = await tenant(actors)
    const draft = { reason, confirm: key, waitDays: 2 }
    await asOperator(actors, 'POST', `/v1/operator/tenants/${key}/removal`, draft)
    return { ids: { tenants: key } }
  },
  'DELETE /v1/operator/enterings/:id': async (actors) => {
    const path = `/v1/operator/tenants/${await tenant(actors)}/enter`
    const entering = await asOperator(actors, 'POST', path, { reason, minutes: 5 })
    return { ids: { enterings: String(entering['id']) } }
  },
}
