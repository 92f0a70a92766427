import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { refusals } from '@pulse/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createShell, type OpenApi, type Shell, secureHeaders } from '#platform'
import { testLog } from '#testing'
import { docsRoutes } from './docs-page.ts'
import { exampleOf } from './example.ts'
import { html } from './markup.ts'

let document: OpenApi
let shell: Shell
let pages: Record<string, string>

beforeAll(async () => {
  const file = join(import.meta.dirname, '../../../contract/openapi.json')
  document = JSON.parse(await readFile(file, 'utf8')) as OpenApi
  shell = await createShell({ log: testLog, authenticate: async () => undefined, version: '0' })
  secureHeaders(shell)
  await shell.register(docsRoutes({ openapi: async () => document }))
  pages = { api: await read('/docs'), errors: await read('/docs/errors') }
})
afterAll(() => shell.close())

async function read(url: string): Promise<string> {
  const answer = await shell.inject({ url })
  expect(answer.statusCode).toBe(200)
  return answer.body
}

const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, group]) => group ?? '')
const operations = () => Object.values(document.paths).flatMap((path) => Object.values(path))

describe('the API page', () => {
  test('has every operation, with its path, summary and permission', () => {
    const text = pages['api'] ?? ''
    expect(found(text, /<h3 id="(\w+)"><a class="self"/g).sort()).toEqual(
      operations()
        .map(({ operationId }) => operationId)
        .sort(),
    )
    for (const path of Object.keys(document.paths)) expect(text).toContain(`<code>${path}</code>`)
    for (const each of operations()) {
      expect(text).toContain(html`${each.summary}`.markup)
      const permission = each['x-pulse-permission']
      if (permission) expect(text).toContain(`Needs <code>${permission}</code>`)
    }
  })

  test('tells of sign-in, tenants, cursors, errors, ingest, topics and the live stream', () => {
    const ids = found(pages['api'] ?? '', /<h2 id="([\w-]+)"/g)
    const wanted = ['authentication', 'tenants', 'cursors', 'errors', 'ingest', 'mqtt', 'live']
    expect(ids).toEqual(expect.arrayContaining(wanted))
  })
})

describe('the list of refusals', () => {
  test('has an anchor for every code, where the type of a problem leads', async () => {
    const answer = await shell.inject({ url: '/v1/nothing-here', method: 'GET' })
    expect(answer.statusCode).toBe(404)
    const codes = Object.entries(refusals).flatMap(([module, of]) =>
      Object.keys(of).map((code) => `${module}.${code}`),
    )
    expect(found(pages['errors'] ?? '', /<h3 id="([\w.-]+)"/g)).toEqual(codes)
  })
})

describe.for(['api', 'errors'])('the page %s', (name) => {
  const page = (): string => pages[name] ?? ''

  test('needs no script and no inline style, so the strict policy lets it work', async () => {
    expect(page()).not.toMatch(/<script|<style|\sstyle=|\son\w+=|javascript:/)
    const { headers } = await shell.inject({ url: '/docs' })
    expect(headers['content-security-policy']).toContain("script-src 'self'")
  })

  test('has ids that are unique, and links that lead somewhere', () => {
    const ids = found(page(), /\sid="([^"]+)"/g)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    const anchors = found(page(), /href="#([^"]+)"/g)
    expect(anchors.filter((anchor) => !ids.includes(anchor))).toEqual([])
    const local = new Set(found(page(), /href="(\/[^"#]*)/g))
    expect([...local].sort()).toEqual(expect.arrayContaining(['/', '/docs/style.css']))
  })

  test('has a language, a title, one main part, and headings without a gap', () => {
    expect(page()).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(found(page(), /<title>([^<]+)<\/title>/g)).toHaveLength(1)
    expect(found(page(), /<(main|h1)[ >]/g)).toEqual(['main', 'h1'])
    const levels = found(page(), /<h(\d)/g).map(Number)
    expect(levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)).toEqual([])
  })
})

test('the style follows the scheme of the reader', async () => {
  const answer = await shell.inject({ url: '/docs/style.css' })
  expect(answer.headers['content-type']).toBe('text/css; charset=utf-8')
  expect(answer.body).toContain('@media (prefers-color-scheme: dark)')
})

describe('an example', () => {
  test('has every property of its shape, and values that fit', () => {
    const { schemas } = document.components
    const rule = exampleOf({ $ref: '#/components/schemas/ThresholdRuleInput' }, schemas)
    expect(rule).toMatchObject({ pulse: 'rule/v1', kind: 'threshold', forS: 60 })
    const message = exampleOf({ $ref: '#/components/schemas/EnvelopeInput' }, schemas)
    expect(message).toMatchObject({ v: 1, type: 'telemetry', data: { metrics: { tempC: 21.5 } } })
    const alert = exampleOf({ $ref: '#/components/schemas/Alert' }, schemas) as { id: string }
    expect(alert.id).toMatch(/^al_[0-9a-f-]{36}$/)
  })
})

describe('a template', () => {
  test('escapes what it is given, and leaves out what is absent', () => {
    const text = '<b title="x">&</b>'
    expect(html`<p>${text}${undefined}${false}${[html`<i>${1}</i>`]}</p>`.markup).toBe(
      '<p>&lt;b title=&quot;x&quot;&gt;&amp;&lt;/b&gt;<i>1</i></p>',
    )
  })
})
