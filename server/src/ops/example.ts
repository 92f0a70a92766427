import type { JsonSchema } from '#platform'

/** The component schemas of an OpenAPI document. */
export type Schemas = Readonly<Record<string, JsonSchema>>

const INSTANT = '2026-11-24T17:20:00.000Z'
const UUID = '01939d3e-5a10-7c3e-8a10-0123456789ab'
const BY_NAME: Readonly<Record<string, unknown>> = {
  key: 'ups-0041',
  device: 'ups-0041',
  deviceName: 'UPS 41',
  site: 'dallas-2',
  type: 'ups',
  rule: 'ups-overheats',
  title: 'UPS overheats',
  selector: 'type:ups',
  when: 'metrics.tempC > 36.0',
  clear: 'metrics.tempC < 33.0',
  metric: 'tempC',
  name: 'UPS 41',
  firmware: '2.10.1',
  username: 'ada',
  email: 'grace@example.com',
  role: 'technician',
  url: 'https://hooks.example.com/pulse',
  destination: 'on-call',
  token: 'pulse_d_0a1b2c3d_…',
  secret: 'whsec_…',
  region: 'us-west-2',
  forS: 60,
  clearForS: 120,
  code: 'connect.schema',
  reason: 'tempC was 37.2, above 36.',
  remedy: 'Correct the field named in the message.',
}

/** Names of the properties of free maps, by the name of the map. */
const ENTRY: Readonly<Record<string, string>> = { metrics: 'tempC', values: 'tempC', tags: 'env' }

/** A value that fits `schema`, and looks like what Pulse deals with. `name`: of its property. */
export function exampleOf(schema: JsonSchema, schemas: Schemas, name = ''): unknown {
  const ref = schema['$ref']
  if (typeof ref === 'string') return exampleOf(resolve(ref, schemas), schemas, name)
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return schema['enum'][0]
  if ('default' in schema) return schema['default']
  const choice = choicesOf(schema).find((each) => each['type'] !== 'null')
  if (choice) return exampleOf(choice, schemas, name)
  const make = makers[String(schema['type'])]
  return make ? make(schema, schemas, name) : {}
}

/** Follows a reference into the components. */
export function resolve(ref: string, schemas: Schemas): JsonSchema {
  return schemas[ref.replace('#/components/schemas/', '')] ?? {}
}

/** The alternatives of a union; empty for anything else. */
export const choicesOf = (schema: JsonSchema): readonly JsonSchema[] =>
  (schema['anyOf'] ?? schema['oneOf'] ?? []) as readonly JsonSchema[]

type Maker = (schema: JsonSchema, schemas: Schemas, name: string) => unknown

const makers: Readonly<Record<string, Maker>> = {
  string: (schema, _schemas, name) => textOf(schema, name),
  number: (schema, _schemas, name) => numberOf(schema, BY_NAME[name] ?? 21.5),
  integer: (schema, _schemas, name) => numberOf(schema, BY_NAME[name] ?? 1),
  boolean: () => true,
  null: () => null,
  array: (schema, schemas, name) => [exampleOf(asSchema(schema['items']), schemas, name)],
  object(schema, schemas, name) {
    const properties = Object.entries(asSchema(schema['properties']))
    const entry = asSchema(schema['additionalProperties'])
    if (properties.length === 0 && Object.keys(entry).length > 0) {
      return { [ENTRY[name] ?? 'name']: exampleOf(entry, schemas) }
    }
    return Object.fromEntries(
      properties.map(([key, of]) => [key, exampleOf(asSchema(of), schemas, key)]),
    )
  },
}

function textOf(schema: JsonSchema, name: string): string {
  if (schema['format'] === 'date-time') return INSTANT
  const pattern = typeof schema['pattern'] === 'string' ? schema['pattern'] : undefined
  const prefix = /^\^([a-z]{2})_\[/.exec(pattern ?? '')?.[1]
  if (prefix) return `${prefix}_${UUID}`
  const known = BY_NAME[name]
  const fits = typeof known === 'string' && (!pattern || new RegExp(pattern).test(known))
  if (fits) return known
  if (schema['format'] === 'uri') return 'https://hooks.example.com/pulse'
  const texts = ['text', '0a1b2c3d', '0a1b2c3d4e5f6071']
  return texts.find((text) => !pattern || new RegExp(pattern).test(text)) ?? '0a1b2c3d'
}

function numberOf(schema: JsonSchema, known: unknown): number {
  const usual = typeof known === 'number' ? known : 1
  const least = typeof schema['minimum'] === 'number' ? schema['minimum'] : usual
  return Math.max(least, usual)
}

const asSchema = (value: unknown): JsonSchema =>
  typeof value === 'object' && value !== null ? (value as JsonSchema) : {}
