import * as contract from '@pulse/contract'
import type { RouteOptions } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { IDEMPOTENCY_HEADER, idempotencyKey } from './idempotency-key.ts'

/** The parts of an OpenAPI 3.1 document that Pulse writes and reads. */
export interface OpenApi {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>
    readonly securitySchemes: Readonly<Record<string, object>>
  }
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Body & { readonly required?: boolean }
  readonly responses: Readonly<Record<string, Body & { readonly description: string }>>
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  /** The permission that the route asks for. */
  readonly 'x-pulse-permission'?: string
  /** Who may call a route that asks for no permission: `nobody`, `person` or `device`. */
  readonly 'x-pulse-open'?: string
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

interface Body {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

/** A JSON Schema (2020-12) as zod writes it. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** Objects and unions of the contract, under their names: they become components of the document. */
for (const [name, value] of Object.entries<unknown>(contract)) {
  const named = value instanceof z.ZodObject || value instanceof z.ZodUnion
  // Parameters are written out, one by one.
  if (named && !name.endsWith('Query'))
    z.globalRegistry.add(value, { ...value.meta(), id: pascal(name) })
}

/** What makes the OpenAPI document from the routes; options of `@fastify/swagger`. */
export const openapiOptions = (version: string) => ({
  openapi: {
    openapi: '3.1.0' as const,
    info: {
      title: 'Pulse',
      version,
      description: 'Fleet operations and event intelligence.',
    },
    components: {
      securitySchemes: {
        bearer: {
          type: 'http' as const,
          scheme: 'bearer',
          description: 'The session of a person.',
        },
        device: { type: 'http' as const, scheme: 'bearer', description: 'The token of a device.' },
      },
    },
    security: [{ bearer: [] }],
  },
  transform: describeRoute,
  transformObject: tidy,
})

type Described = Parameters<typeof jsonSchemaTransform>[0] & { readonly route: RouteOptions }

function describeRoute(document: Described): ReturnType<typeof jsonSchemaTransform> {
  const { schema, route } = document
  if (!schema || 'hide' in schema) return jsonSchemaTransform(document)
  const { permission, open, accepts } = route.config ?? {}
  const described = {
    ...schema,
    ...(accepts === undefined ? {} : { body: accepts }),
    ...(permission === undefined ? {} : { headers: headersOf(route) }),
    response: { ...(schema.response as object), ...problemsOf(route) },
  }
  const result = jsonSchemaTransform({ ...document, schema: described } as Described)
  return {
    ...result,
    schema: {
      ...(result.schema as object),
      operationId: operationIdOf(route),
      ...(open === 'nobody' ? { security: [] } : {}),
      ...(open === 'device' ? { security: [{ device: [] }] } : {}),
      ...(permission === undefined ? {} : { 'x-pulse-permission': permission }),
      ...(open === undefined ? {} : { 'x-pulse-open': open }),
    } as never,
  }
}

const isWrite = (route: RouteOptions): boolean =>
  ['POST', 'PUT', 'PATCH', 'DELETE'].includes(String(route.method))

function headersOf(route: RouteOptions): z.ZodType {
  const tenant = contract.slug
    .optional()
    .describe('Key of the tenant that is meant; may be left out by who belongs to one only.')
  if (!isWrite(route)) return z.object({ 'pulse-tenant': tenant })
  return z.object({ 'pulse-tenant': tenant, [IDEMPOTENCY_HEADER]: idempotencyKey.optional() })
}

/** The refusals that a route may answer with, each an RFC 9457 problem. */
function problemsOf(route: RouteOptions): Record<string, object> {
  const { permission, open, accepts } = route.config ?? {}
  const { body, params, querystring } = (route.schema ?? {}) as Record<string, unknown>
  const takesBody = body !== undefined || accepts !== undefined
  const cases: [status: string, applies: boolean, text: string][] = [
    ['400', takesBody || params !== undefined || querystring !== undefined, 'It does not fit.'],
    ['401', permission !== undefined || open !== undefined, 'Nobody, or somebody unknown, asks.'],
    ['403', permission !== undefined || open === 'device', 'Who asks is not permitted this.'],
    ['404', permission !== undefined, 'There is no such tenant, or no such thing in it.'],
    ['409', permission !== undefined && isWrite(route), 'It contradicts what is there.'],
    ['413', takesBody, 'The body is too large.'],
    ['415', takesBody, 'The body is of a type that this route does not take.'],
    ['429', open === 'nobody' || open === 'device', 'Too much at once; try again later.'],
    ['503', true, 'Pulse cannot take it just now; try again later.'],
    ['default', true, 'Any other refusal.'],
  ]
  return Object.fromEntries(
    cases
      .filter(([, applies]) => applies)
      .map(([status, , description]) => [
        status,
        { description, content: { 'application/problem+json': { schema: contract.problem } } },
      ]),
  )
}

/** `GET /v1/devices/:key/tokens` → `getDevicesKeyTokens`. */
function operationIdOf(route: RouteOptions): string {
  const words = route.url.replace(/^\/v1\//, '').split(/[^A-Za-z0-9]+/)
  return String(route.method).toLowerCase() + words.map(pascal).join('')
}

function pascal(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const answers: Readonly<Record<string, string>> = {
  '200': 'The answer.',
  '201': 'It was made.',
  '202': 'It was taken on.',
}

/** Names the answers, and leaves out the components that nothing refers to. */
function tidy(
  document: Parameters<typeof jsonSchemaTransformObject>[0],
): ReturnType<typeof jsonSchemaTransformObject> {
  const made = jsonSchemaTransformObject(document) as unknown as OpenApi
  for (const [status, answer] of Object.values(made.paths).flatMap((path) =>
    Object.values(path).flatMap((operation) => Object.entries(operation.responses)),
  )) {
    if (answer.description !== 'Default Response') continue
    Object.assign(answer, { description: answers[status] ?? 'Done.' })
  }
  const schemas = referredFrom(made.paths, made.components.schemas)
  return legible({ ...made, components: { ...made.components, schemas } }) as never
}

/** What zod writes for machines and nobody wants to read. */
function legible(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(legible)
  if (value === null || typeof value !== 'object') return value
  const schema = value as JsonSchema
  // z.json() is the only recursive shape; its definition would stand outside of the document.
  if (String(schema['$ref']).includes('__shared')) return { description: 'Any JSON value.' }
  const said = Object.entries(schema).filter(
    ([keyword, of]) =>
      !(keyword === 'pattern' && schema['format'] !== undefined) &&
      !(keyword === 'maximum' && of === Number.MAX_SAFE_INTEGER) &&
      !(keyword === 'minimum' && of === Number.MIN_SAFE_INTEGER),
  )
  return Object.fromEntries(said.map(([keyword, of]) => [keyword, legible(of)]))
}

function referredFrom(
  root: unknown,
  schemas: OpenApi['components']['schemas'],
): Record<string, JsonSchema> {
  const found = new Map<string, JsonSchema>()
  const visit = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(
      /"#\/components\/schemas\/(\w+)"/g,
    )) {
      const schema = schemas[name]
      if (!schema || found.has(name)) continue
      found.set(name, schema)
      visit(schema)
    }
  }
  visit(root)
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}
