import { exampleOf } from '#ops'
import type { JsonSchema, OpenApi, Operation, Parameter, RouteFacts } from '#platform'

/** A request to one route, as somebody sends it. */
export interface Question {
  readonly method: string
  readonly path: string
  readonly bearer?: string | undefined
  readonly body?: unknown
  readonly tenant?: string | undefined
}

export interface Answer {
  readonly status: number
  /** Empty for what is not JSON. */
  readonly body: Record<string, unknown>
  readonly text: string
}

/** Sends a question; a stream that does not end by itself is let go. */
export async function ask(http: string, question: Question): Promise<Answer> {
  const { method, path, bearer, body, tenant } = question
  const answer = await fetch(http + path, {
    method,
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(tenant === undefined ? {} : { 'pulse-tenant': tenant }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    redirect: 'manual',
  })
  const type = answer.headers.get('content-type') ?? ''
  if (method === 'HEAD' || type.includes('event-stream')) {
    await answer.body?.cancel()
    return { status: answer.status, body: {}, text: '' }
  }
  const text = await answer.text()
  const json = /^application\/(problem\+)?json/.test(type)
  return { status: answer.status, body: json ? JSON.parse(text) : {}, text }
}

/** What stands in an address after `/rules/`, `/devices/` and so on, by the schema of its parameter. */
export type Ids = (thing: string, schema: JsonSchema) => string

/** Things that are nowhere. `name` keeps what one test makes from another's sight. */
export const missing =
  (name: string): Ids =>
  (_thing, schema) => {
    const { pattern } = schema
    const key = `no-${name}`
    const fits = typeof pattern !== 'string' || new RegExp(pattern).test(key)
    return fits ? key : String(exampleOf(schema, {}))
  }

/** Things that were found, else things that are nowhere. */
export const known =
  (found: Readonly<Record<string, string>>, name: string): Ids =>
  (thing, schema) =>
    found[thing] ?? missing(name)(thing, schema)

/** Values for fields of which no example that never changes would do. */
const valueFor: Readonly<Record<string, () => string>> = {
  from: () => '2026-11-24T00:00:00Z',
  to: () => '2026-11-24T01:00:00Z',
  expiresAt: () => new Date(Date.now() + 86_400_000).toISOString(),
  role: () => 'viewer',
  email: () => `guest-${drawn++}@acme.example`,
}
let drawn = 0

/** Makes requests that fit the routes of an API document. */
export function createWalk(document: OpenApi) {
  const { schemas } = document.components

  const operationOf = ({ method, url }: RouteFacts): Operation | undefined =>
    document.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]

  const parametersOf = (route: RouteFacts, where: Parameter['in']): readonly Parameter[] =>
    (operationOf(route)?.parameters ?? []).filter((each) => each.in === where)

  function addressOf(route: RouteFacts, ids: Ids): string {
    const parameters = parametersOf(route, 'path')
    return route.url.replace(/([\w-]+)\/:(\w+)/g, (_, thing: string, name: string) => {
      const schema = parameters.find((each) => each.name === name)?.schema ?? {}
      return `${thing}/${ids(thing, schema)}`
    })
  }

  function bodyOf(route: RouteFacts): Record<string, unknown> | undefined {
    const schema = bodySchemaOf(route)
    return schema && (settled(exampleOf(schema, schemas)) as Record<string, unknown>)
  }

  function bodySchemaOf(route: RouteFacts): JsonSchema | undefined {
    const schema = operationOf(route)?.requestBody?.content?.['application/json']?.schema
    const ref = schema?.['$ref']
    return typeof ref === 'string' ? schemas[ref.replace('#/components/schemas/', '')] : schema
  }

  return {
    addressOf,
    bodySchemaOf,
    parametersOf,
    /** A request that fits `route`, about the things in `ids`. */
    fitting(route: RouteFacts, ids: Ids): Question {
      const path = addressOf(route, ids)
      const query = parametersOf(route, 'query')
        .filter((each) => each.required)
        .map(({ name, schema }): [string, string] => [
          name,
          valueFor[name]?.() ?? String(exampleOf(schema, schemas, name)),
        ])
      const body = bodyOf(route)
      // A document that repeats its key must agree with the address.
      if (body && 'key' in body && route.url.includes(':key')) body['key'] = path.split('/').at(-1)
      const asked = query.length === 0 ? path : `${path}?${new URLSearchParams(query)}`
      return { method: route.method, path: asked, body }
    },
  }
}

/** What {@link createWalk} makes. */
export type Walk = ReturnType<typeof createWalk>

/** An example with what must be different each time. */
function settled(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => settled(each, name))
  if (typeof value === 'string') return valueFor[name]?.() ?? value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, settled(each, key)]))
}

/** The places of a body where a text stands, as the way to each. */
export function textsIn(value: unknown, way: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'string') return [way]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => textsIn(each, [...way, key]))
}

/** A copy of a body with another value at one place. */
export function withAt(body: unknown, [head, ...rest]: readonly string[], value: unknown): unknown {
  if (head === undefined) return value
  const copy: Record<string, unknown> | unknown[] = Array.isArray(body)
    ? [...body]
    : { ...Object(body) }
  const at = copy as Record<string, unknown>
  at[head] = withAt(at[head], rest, value)
  return copy
}
