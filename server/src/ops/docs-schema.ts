import type { JsonSchema } from '#platform'
import { choicesOf, exampleOf, type Schemas } from './example.ts'
import { type Html, html, joined } from './markup.ts'

/** A schema as a tree, with an example. Shapes with a name are links to {@link shapes}. */
export function schemaAndExample(schema: JsonSchema, schemas: Schemas): Html {
  return html`${tree(open(schema, schemas))}
<p class="label">Example</p>
<pre tabindex="0" role="group" aria-label="Example"><code>${exampleText(schema, schemas)}</code></pre>`
}

/** All named shapes, each with an anchor. */
export function shapes(schemas: Schemas): Html {
  return html`${Object.entries(schemas).map(
    ([name, schema]) => html`<section class="shape" id="shape-${name}">
<h3>${name}</h3>
${tree(schema)}
</section>`,
  )}`
}

/** A type in a few words: `string, 1 to 64 characters`. */
export function typeOf(schema: JsonSchema): Html {
  const ref = nameOf(schema)
  if (ref !== undefined) return html`<a href="#shape-${ref}">${ref}</a>`
  if ('const' in schema) return html`<code>${JSON.stringify(schema['const'])}</code>`
  const values = schema['enum']
  if (Array.isArray(values)) {
    return joined(
      values.map((value) => html`<code>${JSON.stringify(value)}</code>`),
      ' or ',
    )
  }
  const choices = choicesOf(schema)
  if (choices.length > 0) return joined(choices.map(typeOf), ' or ')
  if (schema['type'] === 'array') return html`array of ${typeOf(child(schema, 'items'))}`
  if (schema['type'] === 'object' && isMap(schema)) {
    return html`map of ${typeOf(child(schema, 'additionalProperties'))}`
  }
  if (typeof schema['type'] !== 'string') return html`any JSON value`
  return html`${schema['format'] === 'date-time' ? 'instant' : schema['type']}${limitsOf(schema)}`
}

/** What else is said of a value: its default and its pattern. */
export function notesOf(schema: JsonSchema): Html {
  const { pattern, description } = schema
  const preset = schema['default']
  return html`${preset !== undefined && html` <span class="note">default <code>${JSON.stringify(preset)}</code></span>`}${
    typeof pattern === 'string' && html` <span class="note">like <code>${pattern}</code></span>`
  }${typeof description === 'string' && html` <span class="note">${description}</span>`}`
}

function tree(schema: JsonSchema): Html {
  const inner = partsOf(schema)
  if (inner.length === 0) return html`<p class="tree">${typeOf(schema)}${notesOf(schema)}</p>`
  return html`<div class="tree">${inner}</div>`
}

/** The properties of a schema, one list for each alternative that has some. */
function partsOf(schema: JsonSchema): readonly Html[] {
  if (nameOf(schema) !== undefined) return []
  const choices = choicesOf(schema)
  if (choices.length > 0) {
    const lists = choices.map((choice) => partsOf(choice))
    const several = choices.length > 1
    return lists.flatMap((list, index) =>
      several && list.length > 0
        ? [html`<p class="note">${index === 0 ? 'Either' : 'or'}</p>`, ...list]
        : list,
    )
  }
  if (schema['type'] === 'array') return partsOf(child(schema, 'items'))
  if (isMap(schema)) return partsOf(child(schema, 'additionalProperties'))
  const properties = Object.entries(child(schema, 'properties'))
  if (properties.length === 0) return []
  const required = new Set((schema['required'] ?? []) as string[])
  return [
    html`<ul>${properties.map(([name, of]) => property(name, of as JsonSchema, required.has(name)))}</ul>`,
  ]
}

function property(name: string, schema: JsonSchema, required: boolean): Html {
  const inner = partsOf(schema)
  const type = inner.length > 0 ? html`${kindOf(schema)}` : typeOf(schema)
  return html`<li><code class="name">${name}</code> <span class="type">${type}</span>${
    !required && html` <span class="optional">optional</span>`
  }${notesOf(schema)}${inner}</li>`
}

/** The kind of something whose parts are listed below it. */
function kindOf(schema: JsonSchema): string {
  const choices = choicesOf(schema)
  if (choices.some((choice) => choice['type'] === 'null')) return 'object or null'
  if (schema['type'] === 'array') return 'array of objects'
  return isMap(schema) ? 'map of objects' : 'object'
}

function limitsOf(schema: JsonSchema): string {
  const said: string[] = []
  const { minimum, maximum, minLength, maxLength } = schema as Record<string, number | undefined>
  if (minimum !== undefined && maximum !== undefined) said.push(`${minimum} to ${maximum}`)
  else if (minimum !== undefined) said.push(`at least ${minimum}`)
  else if (maximum !== undefined) said.push(`at most ${maximum}`)
  if (minLength !== undefined && maxLength !== undefined) {
    said.push(`${minLength} to ${maxLength} characters`)
  } else if (maxLength !== undefined) said.push(`at most ${maxLength} characters`)
  return said.length === 0 ? '' : `, ${said.join(', ')}`
}

const exampleText = (schema: JsonSchema, schemas: Schemas): string =>
  JSON.stringify(exampleOf(schema, schemas), null, 2)

/** A schema with its own name followed, and those of its alternatives: they are shown in place. */
function open(schema: JsonSchema, schemas: Schemas): JsonSchema {
  const name = nameOf(schema)
  if (name !== undefined) return open(schemas[name] ?? {}, schemas)
  const choices = choicesOf(schema)
  return choices.length === 0
    ? schema
    : { oneOf: choices.map((choice) => (nameOf(choice) ? open(choice, schemas) : choice)) }
}

function nameOf(schema: JsonSchema): string | undefined {
  const ref = schema['$ref']
  return typeof ref === 'string' ? ref.replace('#/components/schemas/', '') : undefined
}

const isMap = (schema: JsonSchema): boolean =>
  schema['type'] === 'object' &&
  schema['properties'] === undefined &&
  typeof schema['additionalProperties'] === 'object'

const child = (schema: JsonSchema, keyword: string): JsonSchema =>
  (schema[keyword] ?? {}) as JsonSchema
