import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RefusalKind, refusalKinds } from '@pulse/contract'
import { beforeAll, describe, expect, test } from 'vitest'
import type { OpenApi, Operation } from '#platform'
import { contractFiles } from '../contracts.ts'

const root = join(import.meta.dirname, '../../..')
let files: ReadonlyMap<string, string>
let document: OpenApi
beforeAll(async () => {
  files = await contractFiles()
  document = JSON.parse(files.get('contract/openapi.json') ?? '') as OpenApi
})

describe('the generated documents', () => {
  test('are committed as the code would make them now', async () => {
    const stale: string[] = []
    for (const [path, text] of files) {
      const committed = await readFile(join(root, path), 'utf8').catch(() => '')
      if (committed !== text) stale.push(path)
    }
    expect(stale, 'out of date: run `npm run generate` and commit what it writes').toEqual([])
  })

  test('are all that lies in contract/schemas', async () => {
    const found = await readdir(join(root, 'contract/schemas'), { recursive: true })
    const known = found
      .filter((path) => path.endsWith('.json'))
      .map((path) => `contract/schemas/${path}`)
    expect(
      known.filter((path) => !files.has(path)),
      'left over: run `npm run generate`',
    ).toEqual([])
  })
})

interface Named extends Operation {
  readonly place: string
}
const operations = (): readonly Named[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      place: `${method.toUpperCase()} ${path}`,
    })),
  )
const places = (of: (operation: Named) => boolean): string[] =>
  operations()
    .filter(of)
    .map(({ place }) => place)

describe('the OpenAPI document', () => {
  test('describes what is there: 3.1, with paths and components', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/)
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) })
    expect(operations().length).toBeGreaterThan(30)
    expect(Object.keys(document.components.schemas).length).toBeGreaterThan(30)
  })

  test('gives every operation a summary, a module and an id of its own', () => {
    expect(places(({ summary }) => !summary)).toEqual([])
    expect(places(({ tags }) => tags?.length !== 1)).toEqual([])
    const ids = operations().map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('says what every operation answers, in which shape', () => {
    const shapeless = ({ responses }: Named) => {
      const good = Object.entries(responses).filter(([status]) => status.startsWith('2'))
      const bodies = good.filter(([status]) => status !== '204')
      return (
        good.length === 0 ||
        bodies.some(([, { content }]) => !Object.values(content ?? {})[0]?.schema)
      )
    }
    expect(places(shapeless)).toEqual([])
    const nameless = ({ responses }: Named) =>
      Object.values(responses).some(
        ({ description }) => !description || description === 'Default Response',
      )
    expect(places(nameless)).toEqual([])
  })

  test('documents refusals of every operation as problems', () => {
    const lacking = ({ responses, parameters = [], requestBody, ...rest }: Named) => {
      const permission = rest['x-pulse-permission']
      const wanted = ['default', '503']
      if (permission) wanted.push('401', '403', '404')
      if (parameters.some((each) => each.in !== 'header') || requestBody) wanted.push('400')
      if (requestBody) wanted.push('413', '415')
      return wanted.some((status) => {
        const schema = responses[status]?.content?.['application/problem+json']?.schema
        return schema?.['$ref'] !== '#/components/schemas/Problem'
      })
    }
    expect(places(lacking)).toEqual([])
  })

  test('names exactly the parameters that stand in each path', () => {
    const wrong = ({ place, parameters = [] }: Named) => {
      const named = [...place.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const given = parameters.filter((each) => each.in === 'path')
      return (
        given.some(({ required }) => required !== true) ||
        JSON.stringify(named.sort()) !== JSON.stringify(given.map(({ name }) => name).sort())
      )
    }
    expect(places(wrong)).toEqual([])
    expect(JSON.stringify(document.paths)).not.toContain('/:')
  })

  test('asks for a bearer wherever one is needed, of the right kind', () => {
    const schemeOf = ({ security = document.security }: Named) =>
      security.flatMap(Object.keys).join()
    const wanted = { nobody: '', person: 'bearer', device: 'device' } as const
    const wrong = (operation: Named) => {
      const open = operation['x-pulse-open'] as keyof typeof wanted | undefined
      return schemeOf(operation) !== (open === undefined ? 'bearer' : wanted[open])
    }
    expect(places(wrong)).toEqual([])
    expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer', 'device'])
  })

  test('lets every write of a tenant carry an Idempotency-Key, and every request name its tenant', () => {
    const has = ({ parameters = [] }: Named, header: string) =>
      parameters.some(({ in: place, name }) => place === 'header' && name === header)
    const ofTenant = (operation: Named) => operation['x-pulse-permission'] !== undefined
    expect(places((each) => ofTenant(each) !== has(each, 'pulse-tenant'))).toEqual([])
    const write = (each: Named) => ofTenant(each) && !each.place.startsWith('GET')
    expect(places((each) => write(each) !== has(each, 'idempotency-key'))).toEqual([])
  })

  test('refers to nothing that is missing, and has nothing that is not referred to', () => {
    const text = JSON.stringify(document)
    const refs = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => ref ?? '')
    const known = Object.keys(document.components.schemas).map(
      (name) => `#/components/schemas/${name}`,
    )
    expect(refs.filter((ref) => !known.includes(ref))).toEqual([])
    expect(known.filter((name) => !refs.includes(name))).toEqual([])
  })
})

/** Reason codes of refusals that MQTT 5 (OASIS Standard, 7 March 2019) allows, by packet. */
const allowed = {
  // 3.2.2.2, Connect Reason Code.
  connack: [
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99,
    0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
  ],
  // 3.4.2.1, PUBACK Reason Code.
  puback: [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  // 3.9.3, SUBACK Payload.
  suback: [0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
  // 3.14.2.1, Disconnect Reason Code: those that a server may send.
  disconnect: [
    0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
    0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ],
} as const satisfies Readonly<Record<string, readonly number[]>>

describe.for(Object.keys(refusalKinds) as RefusalKind[])('a refusal of kind %s', (kind) => {
  const { mqtt, retry, http } = refusalKinds[kind]
  const codes = mqtt as Readonly<Partial<Record<keyof typeof allowed, number>>>

  test.for(Object.keys(allowed) as (keyof typeof allowed)[])(
    'has a reason code that %s may carry',
    (packet) => {
      const code = codes[packet]
      if (code !== undefined) expect(allowed[packet]).toContain(code)
    },
  )

  test('is acknowledged when it is for good, and never when a retry helps', () => {
    // 4.4: no message is sent again after any PUBACK.
    expect(codes.puback === undefined).toBe(retry)
    // 4.13: whatever happens, the connection can be closed with a reason.
    expect(codes.disconnect).toBeDefined()
    expect(retry).toBe(http === 429 || http === 503)
  })
})
