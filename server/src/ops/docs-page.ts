import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { refusals } from '@pulse/contract'
import type { OpenApi, Shell } from '#platform'
import { errorList } from './docs-errors.ts'
import { chapters } from './docs-guide.ts'
import { byModule, reference } from './docs-reference.ts'
import { shapes } from './docs-schema.ts'
import { type Html, html } from './markup.ts'

export interface DocsDeps {
  /** The document of all routes; asked for when a page is first read. */
  readonly openapi: () => Promise<OpenApi>
}

/**
 * The API as pages to read: `/docs` is made from the OpenAPI document, `/docs/errors` from the
 * table of refusals. They need no script, so the strict content policy holds for them too.
 */
export function docsRoutes(deps: DocsDeps) {
  return async (app: Shell): Promise<void> => {
    const style = await readFile(join(import.meta.dirname, 'docs.css'), 'utf8')
    const errors = page(errorsPage()).markup
    let api: Promise<string> | undefined
    const open = { config: { open: 'nobody' }, schema: { hide: true } } as const
    app.get('/docs', open, async (_request, reply) => {
      api ??= deps.openapi().then((document) => page(apiPage(document)).markup)
      return reply
        .header('cache-control', 'no-cache')
        .type(HTML)
        .send(await api)
    })
    app.get('/docs/errors', open, (_request, reply) =>
      reply.header('cache-control', 'no-cache').type(HTML).send(errors),
    )
    app.get('/docs/style.css', open, (_request, reply) =>
      reply.header('cache-control', 'no-cache').type('text/css; charset=utf-8').send(style),
    )
  }
}

const HTML = 'text/html; charset=utf-8'

interface Page {
  readonly title: string
  readonly lead: Html
  readonly links: readonly { readonly title: string; readonly items: readonly Link[] }[]
  readonly content: Html
}
type Link = readonly [href: string, text: string]

function page({ title, lead, links, content }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="page">
<nav aria-label="Contents">
${links.map(
  (group) => html`<p>${group.title}</p>
<ul>${group.items.map(([href, text]) => html`<li><a href="${href}">${text}</a></li>`)}</ul>`,
)}
</nav>
<main id="content">
<h1>${title}</h1>
${lead}
${content}
</main>
</div>
</body>
</html>
`
}

function apiPage(document: OpenApi): Page {
  const modules = [...byModule(document)].map(([title, entries]) => ({
    title,
    items: entries.map(({ operation }): Link => [`#${operation.operationId}`, operation.summary]),
  }))
  return {
    title: 'Pulse API',
    lead: html`<p>Version ${document.info.version}. The same as a document for programs:
<a href="/openapi.json">/openapi.json</a>.</p>`,
    links: [
      {
        title: 'Pulse',
        items: [
          ['/', 'Portal'],
          ['/docs/errors', 'Refusals by code'],
        ],
      },
      { title: 'To know first', items: chapters.map(({ id, title }) => [`#${id}`, title]) },
      ...modules,
      { title: 'Reference', items: [['#shapes', 'Shapes']] },
    ],
    content: html`${chapters.map(
      ({ id, title, text }) => html`<section><h2 id="${id}">${title}</h2>${text}</section>`,
    )}
${reference(document)}
<section><h2 id="shapes">Shapes</h2>
<p>What the trees above name. Those that end in “Input” are sent, the others are answered.</p>
${shapes(document.components.schemas)}</section>`,
  }
}

function errorsPage(): Page {
  return {
    title: 'Pulse: refusals',
    lead: html`<p>Whatever Pulse refuses has one of these codes, over HTTP and MQTT alike. A code never changes its
meaning. With a refusal comes what to do about it.</p>`,
    links: [
      {
        title: 'Pulse',
        items: [
          ['/', 'Portal'],
          ['/docs', 'API'],
        ],
      },
      {
        title: 'Modules',
        items: Object.keys(refusals).map((name): Link => [`#module-${name}`, name]),
      },
    ],
    content: errorList(),
  }
}
