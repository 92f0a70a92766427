/**
 * Finds where values stand in a JSON text, so that they can be kept exactly as they came: `30.0`
 * and `30` differ for some imported models, and parsing would lose it. Every function expects
 * text that `JSON.parse` has accepted; on other text the result is meaningless but bounded.
 */

const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const COLON = 58
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at++
  return at
}

/** Index after the string that opens at `from`. */
function skipString(text: string, from: number): number {
  let at = from + 1
  for (;;) {
    const end = text.indexOf('"', at)
    if (end < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end + 1
    at = end + 1
  }
}

/** Index after the value that begins at `from`. */
export function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from)
  if (first === QUOTE) return skipString(text, from)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(text, from)
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= 32) break
    at++
  }
  return at
}

function skipNested(text: string, from: number): number {
  let depth = 0
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = skipString(text, at)
      continue
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return at + 1
    at++
  }
  return at
}

/**
 * Index of the value of `key` in the object that opens at `from`, or -1. A key that stands twice
 * counts by its last place, as in `JSON.parse`.
 */
export function valueOf(text: string, from: number, key: string): number {
  let found = -1
  let at = skipSpace(text, from + 1)
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = skipString(text, at)
    const isKey = sameKey(text, at, keyEnd, key)
    at = skipSpace(text, keyEnd)
    if (text.charCodeAt(at) === COLON) at = skipSpace(text, at + 1)
    if (isKey) found = at
    at = skipSpace(text, skipValue(text, at))
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  return found
}

function sameKey(text: string, from: number, end: number, key: string): boolean {
  if (end - from - 2 === key.length && text.startsWith(key, from + 1)) return true
  const escape = text.indexOf('\\', from)
  return escape >= 0 && escape < end && JSON.parse(text.slice(from, end)) === key
}

/** The texts of the elements of the array that opens at `from`, as spans `[start, end)`. */
export function elementSpans(text: string, from: number): readonly (readonly [number, number])[] {
  const spans: [number, number][] = []
  let at = skipSpace(text, from + 1)
  while (at < text.length && text.charCodeAt(at) !== CLOSE_BRACKET) {
    const end = skipValue(text, at)
    spans.push([at, end])
    at = skipSpace(text, end)
    if (text.charCodeAt(at) !== COMMA) break
    at = skipSpace(text, at + 1)
  }
  return spans
}

/** Index of the first character that is not white space. */
export const valueStart = (text: string): number => skipSpace(text, 0)

/** True when arrays and objects nest deeper than `limit`. Any text will do, JSON or not. */
export function nestsDeeper(text: string, limit: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = skipString(text, at) - 1
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > limit) return true
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
  }
  return false
}
