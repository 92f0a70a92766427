import type { OpenApi, Operation, Parameter } from '#platform'
import { notesOf, schemaAndExample, typeOf } from './docs-schema.ts'
import type { Schemas } from './example.ts'
import { type Html, html, joined } from './markup.ts'

/** The modules in the order of their ranks; what is not named comes after. */
const ORDER = [
  'Session',
  'Registry',
  'Connect',
  'Stream',
  'State',
  'Rules',
  'Actions',
  'Fleet',
  'Ops',
]

/** One operation with its place. */
interface Entry {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

/** The operations of a document by module, in order. */
export function byModule(document: OpenApi): ReadonlyMap<string, readonly Entry[]> {
  const entries = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  )
  const found = Map.groupBy(entries, ({ operation }) => operation.tags[0] ?? 'Others')
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
  return new Map([...found].sort(([a], [b]) => rank(a) - rank(b)))
}

/** Every operation with parameters, body and answers. */
export function reference(document: OpenApi): Html {
  const { schemas } = document.components
  return html`${[...byModule(document)].map(
    ([name, entries]) => html`<section>
<h2 id="module-${name}">${name}</h2>
${entries.map((entry) => operationOf(entry, schemas))}
</section>`,
  )}`
}

function operationOf({ method, path, operation }: Entry, schemas: Schemas): Html {
  const { operationId: id, summary, description, parameters = [] } = operation
  return html`<article aria-labelledby="${id}">
<h3 id="${id}"><a class="self" href="#${id}"><span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code></a></h3>
<p class="summary">${summary}. <span class="who">${whoMay(operation)}</span></p>
${description !== undefined && html`<p>${description}</p>`}
${parameters.length > 0 && parameterTable(parameters)}
${bodyOf(operation, schemas)}
${answersOf(operation, schemas)}
</article>`
}

function whoMay(operation: Operation): Html {
  const permission = operation['x-pulse-permission']
  if (permission !== undefined) return html`Needs <code>${permission}</code>.`
  if (operation['x-pulse-open'] === 'device') return html`Needs the token of a device.`
  if (operation['x-pulse-open'] === 'person') return html`Needs a session.`
  return html`Open to everybody.`
}

const places = { path: 'in the path', query: 'in the query', header: 'a header' } as const

function parameterTable(parameters: readonly Parameter[]): Html {
  return html`<table>
<thead><tr><th scope="col">Parameter</th><th scope="col">Where</th><th scope="col">What</th></tr></thead>
<tbody>${parameters.map(
    ({ name, in: place, required, description, schema }) => html`<tr>
<th scope="row"><code>${name}</code></th>
<td>${places[place]}${required !== true && ', optional'}</td>
<td>${typeOf(schema)}${notesOf(schema)}${description !== undefined && html` <span class="note">${description}</span>`}</td>
</tr>`,
  )}</tbody>
</table>`
}

function bodyOf({ requestBody }: Operation, schemas: Schemas): Html | undefined {
  const content = Object.entries(requestBody?.content ?? {})
  const [first] = content
  if (!first) return undefined
  const types = joined(
    content.map(([type]) => html`<code>${type}</code>`),
    ', ',
  )
  return html`<details open><summary>Body, ${types}</summary>${schemaAndExample(first[1].schema, schemas)}</details>`
}

function answersOf({ responses }: Operation, schemas: Schemas): Html {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  const refused = Object.keys(responses).filter((status) => /^[45]/.test(status))
  return html`${good.map(([status, { description, content }]) => {
    const [schema] = Object.values(content ?? {})
    if (!schema)
      return html`<p class="answer"><span class="status">${status}</span> ${description}</p>`
    return html`<details><summary><span class="status">${status}</span> ${description}</summary>${schemaAndExample(schema.schema, schemas)}</details>`
  })}
<p class="answer refusals">Refusals: ${joined(
    refused.map((status) => html`<span class="status">${status}</span>`),
    ' ',
  )}, each a <a href="#shape-Problem">Problem</a> with a code of <a href="/docs/errors">the list</a>.</p>`
}
