import { parseQuery, type Query, QueryError, type Term } from '@pulse/contract'
import type { DeviceFacts } from './compile.ts'
import { refuse } from './errors.ts'

/** What a selector may look at. */
export type Selectable = DeviceFacts & { readonly name: string }
export type Matches = (device: Selectable) => boolean

/**
 * Compiles the selector of a rule: a fleet query over `key`, `name`, `type`, `site` (its key) and
 * `tag.NAME`. What changes by itself (status, last seen, alerts) is refused: a replay would differ.
 *
 * @throws `rules.bad-rule`
 */
export function compileSelector(text: string): Matches {
  try {
    return compile(parseQuery(text))
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw refuse.badRule({ detail: `selector: ${error.message} (at ${error.at}).`, cause: error })
  }
}

function compile(query: Query): Matches {
  switch (query.op) {
    case 'all':
      return () => true
    case 'not': {
      const inner = compile(query.term)
      return (device) => !inner(device)
    }
    case 'and': {
      const terms = query.terms.map(compile)
      return (device) => terms.every((matches) => matches(device))
    }
    case 'or': {
      const terms = query.terms.map(compile)
      return (device) => terms.some((matches) => matches(device))
    }
    case 'term':
      return compileTerm(query)
  }
}

const fields: Readonly<Record<string, (device: Selectable) => string | null>> = {
  key: (device) => device.key,
  name: (device) => device.name,
  type: (device) => device.type,
  site: (device) => device.site,
}

function compileTerm({ field, cmp, value }: Term): Matches {
  const read = readerOf(field)
  if (cmp !== ':') throw refuse.badRule({ detail: `selector: ${field} is compared with ":" only.` })
  const wanted = value.toLowerCase()
  const begins = wanted.endsWith('*') ? wanted.slice(0, -1) : undefined
  return (device) => {
    const found = read(device)?.toLowerCase()
    if (found === undefined) return false
    return begins === undefined ? found === wanted : found.startsWith(begins)
  }
}

function readerOf(field: string): (device: Selectable) => string | null | undefined {
  if (field.startsWith('tag.')) {
    const tag = field.slice('tag.'.length)
    return ({ tags }) => (Object.hasOwn(tags, tag) ? tags[tag] : undefined)
  }
  const read = Object.hasOwn(fields, field) ? fields[field] : undefined
  if (read) return read
  const what = field === 'text' ? 'a bare word' : field
  throw refuse.badRule({
    detail: `selector: ${what} cannot select devices for a rule; use key, name, type, site or tag.NAME.`,
  })
}
