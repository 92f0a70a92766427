/**
 * The fleet query language, one everywhere: search, selectors of rules, job targets.
 *
 *     status:offline type:ups site:"Dallas 2" tag.env:prod alert>=warning lastSeen<-1h name:ups-00*
 *
 * Terms stand side by side for *and*; `or`, `not` (or `-term`) and parentheses work as expected;
 * a bare word searches key and name. Fields of today: key, name, type, site, status, firmware,
 * tag.NAME, alert, lastSeen.
 */
export type Query =
  | { readonly op: 'all' }
  | { readonly op: 'and' | 'or'; readonly terms: readonly Query[] }
  | { readonly op: 'not'; readonly term: Query }
  | Term
export interface Term {
  readonly op: 'term'
  readonly field: string
  readonly cmp: Comparison
  /** As written, without quotes. A `*` at the end means: begins with. */
  readonly value: string
  /** Where the term begins in the text that was read, characters from 0. */
  readonly at: number
}
export type Comparison = ':' | '<' | '<=' | '>' | '>='

/** Where a query cannot be read: `at` counts characters from 0. */
export class QueryError extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.name = 'QueryError'
    this.at = at
  }
}

interface Token {
  readonly kind: 'open' | 'close' | 'or' | 'and' | 'not' | 'term'
  readonly text: string
  readonly at: number
}

const TERM = /(?:([A-Za-z][A-Za-z0-9_.-]*)(<=|>=|:|<|>))?("(?:[^"\\]|\\.)*"|[^\s()"]+)/sy
/** A field and its comparison without a value reads as a bare word. */
const NO_VALUE = /^[A-Za-z][A-Za-z0-9_.-]*(?:<=|>=|:|<|>)$/
const MAX_DEPTH = 32

/** Reads a query. @throws QueryError with the position of what cannot be read. */
export function parseQuery(text: string): Query {
  const tokens = tokenise(text)
  if (tokens.length === 0) return { op: 'all' }
  const cursor = { tokens, next: 0, end: text.length, depth: 0 }
  const query = parseOr(cursor)
  const rest = cursor.tokens[cursor.next]
  if (rest) throw new QueryError(`did not expect "${rest.text}" here`, rest.at)
  return query
}

interface Cursor {
  readonly tokens: readonly Token[]
  next: number
  readonly end: number
  depth: number
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at] as string
    if (/\s/.test(char)) {
      at++
      continue
    }
    const token = readToken(text, at, char)
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

function readToken(text: string, at: number, char: string): Token {
  if (char === '(') return { kind: 'open', text: char, at }
  if (char === ')') return { kind: 'close', text: char, at }
  if (char === '-') return { kind: 'not', text: char, at }
  const match = matchTerm(text, at)
  if (!match)
    throw new QueryError(char === '"' ? 'a quote is not closed' : `cannot read "${char}"`, at)
  const word = match[0]
  const end = at + word.length
  if (NO_VALUE.test(word)) {
    throw new QueryError(
      text[end] === '"' ? 'a quote is not closed' : `a value is missing after "${word}"`,
      end,
    )
  }
  if (end < text.length && !/[\s()]/.test(text[end] as string)) {
    throw new QueryError('a space is missing here', end)
  }
  if (word === 'or' || word === 'and' || word === 'not') return { kind: word, text: word, at }
  return { kind: 'term', text: word, at }
}

function matchTerm(text: string, at: number): RegExpExecArray | null {
  TERM.lastIndex = at
  return TERM.exec(text)
}

function parseOr(cursor: Cursor): Query {
  const terms = [parseAnd(cursor)]
  while (cursor.tokens[cursor.next]?.kind === 'or') {
    cursor.next++
    terms.push(parseAnd(cursor))
  }
  return terms.length === 1 ? (terms[0] as Query) : { op: 'or', terms }
}

function parseAnd(cursor: Cursor): Query {
  const terms = [parseNot(cursor)]
  for (;;) {
    const token = cursor.tokens[cursor.next]
    if (!token || token.kind === 'or' || token.kind === 'close') break
    if (token.kind === 'and') cursor.next++
    terms.push(parseNot(cursor))
  }
  return terms.length === 1 ? (terms[0] as Query) : { op: 'and', terms }
}

function parseNot(cursor: Cursor): Query {
  const token = cursor.tokens[cursor.next++]
  if (!token) throw new QueryError('something is missing at the end', cursor.end)
  if (token.kind === 'term') return parseTerm(token)
  if (++cursor.depth > MAX_DEPTH) throw new QueryError('nests too deep', token.at)
  const query = parseNested(cursor, token)
  cursor.depth--
  return query
}

function parseNested(cursor: Cursor, token: Token): Query {
  if (token.kind === 'not') return { op: 'not', term: parseNot(cursor) }
  if (token.kind !== 'open') throw new QueryError(`did not expect "${token.text}" here`, token.at)
  const query = parseOr(cursor)
  if (cursor.tokens[cursor.next]?.kind !== 'close') {
    throw new QueryError('a parenthesis is not closed', token.at)
  }
  cursor.next++
  return query
}

function parseTerm(token: Token): Term {
  const match = matchTerm(token.text, 0) as RegExpExecArray
  const raw = match[3] as string
  const value = raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/gs, '$1') : raw
  const cmp = (match[2] as Comparison | undefined) ?? ':'
  return { op: 'term', field: match[1] ?? 'text', cmp, value, at: token.at }
}
