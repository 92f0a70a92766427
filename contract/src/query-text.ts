import { type Comparison, parseQuery, type Query, type Term } from './query.ts'

/** Which term, wherever it stands. */
export interface TermFacts {
  readonly field: string
  readonly value: string
  /** `:` when left out. */
  readonly cmp?: Comparison
}

/** Writes a query as text, with no more quotes and parentheses than it needs. */
export function formatQuery(query: Query): string {
  switch (query.op) {
    case 'all':
      return ''
    case 'term':
      return formatTerm(query)
    case 'not':
      return `-${formatNested(query.term, ['and', 'or'])}`
    case 'and':
      return query.terms
        .map((term) => formatNested(term, ['and', 'or']))
        .filter(Boolean)
        .join(' ')
    case 'or':
      return query.terms
        .map((term) => formatNested(term, ['or']))
        .filter(Boolean)
        .join(' or ')
  }
}

function formatNested(query: Query, weaker: readonly Query['op'][]): string {
  const text = formatQuery(query)
  return text !== '' && weaker.includes(query.op) ? `(${text})` : text
}

const PLAIN = /^[^\s()"]+$/
/** What a bare word must not look like: an operator, a negation, a field. */
const MISREAD = /^(?:-|(?:and|or|not)$|[A-Za-z][A-Za-z0-9_.-]*[:<>])/
/** After `<` and `>`, what would be read as a part of the comparison. */
const EATEN = /^=/

/** Writes one term: `site:"Dallas 2"`. A bare word is the field `text`. */
export function formatTerm({ field, cmp = ':', value }: TermFacts): string {
  const bare = field === 'text' && cmp === ':'
  const misread = bare ? MISREAD.test(value) : cmp !== ':' && EATEN.test(value)
  const written = PLAIN.test(value) && !misread ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
  return bare ? written : `${field}${cmp}${written}`
}

const isTerm = (query: Query, { field, cmp = ':', value }: TermFacts): query is Term =>
  query.op === 'term' && query.field === field && query.cmp === cmp && query.value === value

/** The terms that all must hold: those of the outermost *and*. */
const conjuncts = (query: Query): readonly Query[] => {
  if (query.op === 'all') return []
  return query.op === 'and' ? query.terms : [query]
}

function conjunction(terms: readonly Query[]): Query {
  const [first] = terms
  if (!first) return { op: 'all' }
  return terms.length === 1 ? first : { op: 'and', terms }
}

/** True when every result of the query must fulfil this very term. */
export const hasTerm = (text: string, term: TermFacts): boolean =>
  conjuncts(parseQuery(text)).some((each) => isTerm(each, term))

/** Narrows a query by a term; the same text when it is there. @throws QueryError */
export function addTerm(text: string, term: TermFacts): string {
  if (hasTerm(text, term)) return text
  const added: Term = {
    op: 'term',
    field: term.field,
    cmp: term.cmp ?? ':',
    value: term.value,
    at: 0,
  }
  return formatQuery(conjunction([...conjuncts(parseQuery(text)), added]))
}

/** Takes a term out of the outermost *and*; other places stay as they are. @throws QueryError */
export function removeTerm(text: string, term: TermFacts): string {
  const terms = conjuncts(parseQuery(text))
  return formatQuery(conjunction(terms.filter((each) => !isTerm(each, term))))
}

/** Lets `field` be `value` and nothing else, or anything when undefined. @throws QueryError */
export function setTerm(text: string, field: string, value: string | undefined): string {
  const others = conjuncts(parseQuery(text)).filter(
    (each) => each.op !== 'term' || each.field !== field,
  )
  const kept = formatQuery(conjunction(others))
  return value === undefined ? kept : addTerm(kept, { field, value })
}
