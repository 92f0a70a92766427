import { parseQuery, type Query, QueryError, type Term } from '@pulse/contract'

/** A term of a query that is a plain row of terms, as a chip shows it. */
export interface ChipTerm extends Omit<Term, 'at'> {
  readonly negated: boolean
}

const PLAIN = /^[^\s()"]+$/
/** A bare word must not look like a negation, a word of the language or a term over a field. */
const BARE = /^(?!(?:and|or|not)$)[^\s()"<>:-][^\s()"<>:]*$/

/** A value behind `field:`, quoted where it would be misread. */
export function quoteValue(value: string): string {
  return PLAIN.test(value) ? value : quote(value)
}

const quote = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`

/** A term as text of the query language. */
export function printTerm(term: ChipTerm): string {
  const sign = term.negated ? '-' : ''
  if (term.field === 'text') return sign + (BARE.test(term.value) ? term.value : quote(term.value))
  return `${sign}${term.field}${term.cmp}${quoteValue(term.value)}`
}

/**
 * The terms of a query that is nothing but terms side by side; undefined where it has `or`,
 * parentheses around several terms, or cannot be read, so that only text can show it.
 */
export function splitTerms(text: string): readonly ChipTerm[] | undefined {
  const query = readQuery(text)
  if (query instanceof QueryError) return undefined
  if (query.op === 'all') return []
  const terms = (query.op === 'and' ? query.terms : [query]).map(asChip)
  return terms.every((term) => term !== undefined) ? terms : undefined
}

function asChip(query: Query): ChipTerm | undefined {
  if (query.op === 'term') return { ...query, negated: false }
  if (query.op === 'not' && query.term.op === 'term') return { ...query.term, negated: true }
  return undefined
}

/** The query, or where and why it cannot be read. */
export function readQuery(text: string): Query | QueryError {
  try {
    return parseQuery(text)
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
}

export const joinTerms = (terms: readonly ChipTerm[]): string => terms.map(printTerm).join(' ')

/** The query without its terms over a field; undefined where terms cannot be told apart. */
export function withoutField(text: string, field: string): string | undefined {
  const terms = splitTerms(text)
  return terms && joinTerms(terms.filter((term) => term.field !== field))
}

/**
 * What a click on a facet makes of the query: the field narrowed to this value; taken out again
 * when it was that already. A query too rich for chips is wrapped and narrowed further.
 */
export function toggleFacet(text: string, field: string, value: string): string {
  const terms = splitTerms(text)
  const chip: ChipTerm = { op: 'term', field, cmp: ':', value, negated: false }
  if (!terms) return `(${text}) ${printTerm(chip)}`
  const active = terms.some((term) => isFacet(term, field, value))
  const others = terms.filter((term) => term.field !== field)
  return joinTerms(active ? others : [...others, chip])
}

/** Whether a term is exactly this facet's. */
export function isFacet(term: ChipTerm, field: string, value: string): boolean {
  return term.field === field && term.value === value && term.cmp === ':' && !term.negated
}
