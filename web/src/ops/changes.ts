/** A JSON value, as a row of the audit log keeps it. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }

/** One field that an act changed. Undefined: it was not there, or null. */
export interface Change {
  readonly path: string
  readonly before: string | undefined
  readonly after: string | undefined
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isPlainList = (value: Json | undefined): value is readonly (string | number)[] =>
  Array.isArray(value) &&
  value.every((item) => typeof item === 'string' || typeof item === 'number')

/**
 * The fields that differ between what was and what is, each as text. Of two lists of words, such as
 * permissions, only the words that left and came are named.
 */
export function changesOf(before: Json, after: Json): readonly Change[] {
  if (isObject(before) && isObject(after)) return objectChanges(before, after, '')
  const changed = isObject(after) ? objectChanges({}, after, '') : undefined
  if (before === null && changed) return changed
  if (after === null && isObject(before)) return objectChanges(before, {}, '')
  if (same(before, after)) return []
  return [{ path: '', before: textOf(before), after: textOf(after) }]
}

type JsonObject = { readonly [key: string]: Json }

function objectChanges(before: JsonObject, after: JsonObject, above: string): readonly Change[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return keys.flatMap((key) => {
    const path = above === '' ? key : `${above}.${key}`
    return fieldChanges(path, own(before, key), own(after, key))
  })
}

const own = (object: JsonObject, key: string) =>
  Object.hasOwn(object, key) ? object[key] : undefined

function fieldChanges(
  path: string,
  was: Json | undefined,
  is: Json | undefined,
): readonly Change[] {
  if (same(was, is)) return []
  const nested = (isObject(was) || was === undefined) && (isObject(is) || is === undefined)
  if (nested) {
    const inner = objectChanges(was ?? {}, is ?? {}, path)
    if (inner.length > 0) return inner
  }
  if (isPlainList(was) && isPlainList(is)) {
    const left = was.filter((word) => !is.includes(word))
    const came = is.filter((word) => !was.includes(word))
    if (left.length + came.length > 0)
      return [{ path, before: listText(left), after: listText(came) }]
  }
  const change = { path, before: textOf(was), after: textOf(is) }
  return change.before === change.after ? [] : [change]
}

const SHOWN = 2
const LONGEST = 40

/** Ids and instants: they say nothing at a glance. */
const OPAQUE = /^(?:[a-z]{2}_)?[0-9a-f]{8}-[0-9a-f-]{27}$|^\d{4}-\d\d-\d\dT/

/**
 * The first changes in a line: `role technician → engineer, active true`. Long values, ids and
 * instants are left out; the entry itself shows them.
 */
export function changesInALine(before: Json, after: Json): string {
  const short = changesOf(before, after).filter((change) =>
    [change.before ?? '', change.after ?? ''].every(
      (text) => text.length <= LONGEST && !OPAQUE.test(text),
    ),
  )
  return short.slice(0, SHOWN).map(inWords).join(', ')
}

function inWords({ path, before, after }: Change): string {
  const said = [path, before, before !== undefined && after !== undefined ? '→' : '', after]
  const words = said.filter((part) => part !== undefined && part !== '').join(' ')
  return after === undefined ? `without ${words}` : words
}

const same = (a: Json | undefined, b: Json | undefined) => JSON.stringify(a) === JSON.stringify(b)

const listText = (words: readonly (string | number)[]) =>
  words.length === 0 ? undefined : words.join(', ')

function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  if (isPlainList(value)) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
