import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Comparison, parseQuery, type Query, QueryError } from './query.ts'
import { addTerm, formatQuery, hasTerm, removeTerm, setTerm } from './query-text.ts'

/** A query without positions, to compare meaning only. */
const meaning = (query: Query): unknown =>
  JSON.parse(JSON.stringify(query, (key, value: unknown) => (key === 'at' ? undefined : value)))

const read = (text: string) => meaning(parseQuery(text))
const term = (field: string, value: string, cmp: Comparison = ':') => ({
  op: 'term',
  field,
  cmp,
  value,
})

function refusal(text: string): QueryError {
  try {
    parseQuery(text)
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error(`"${text}" was read`)
}

describe('parseQuery', () => {
  test('reads every comparison, quotes, prefixes and relative times', () => {
    expect(
      read('status:offline site:"Dallas 2" alert>=warning lastSeen<-1h name:ups-00* firmware<2.10'),
    ).toEqual({
      op: 'and',
      terms: [
        term('status', 'offline'),
        term('site', 'Dallas 2'),
        term('alert', 'warning', '>='),
        term('lastSeen', '-1h', '<'),
        term('name', 'ups-00*'),
        term('firmware', '2.10', '<'),
      ],
    })
  })

  test('binds not before and before or', () => {
    expect(read('a b or -c')).toEqual({
      op: 'or',
      terms: [
        { op: 'and', terms: [term('text', 'a'), term('text', 'b')] },
        { op: 'not', term: term('text', 'c') },
      ],
    })
    expect(read('a (b or not c)')).toEqual({
      op: 'and',
      terms: [
        term('text', 'a'),
        { op: 'or', terms: [term('text', 'b'), { op: 'not', term: term('text', 'c') }] },
      ],
    })
  })

  test('reads nothing as everything', () => {
    expect(read('  ')).toEqual({ op: 'all' })
  })

  test('takes quoted operators as words', () => {
    expect(read('"or"')).toEqual(term('text', 'or'))
    expect(read('"a \\" b\\\\"')).toEqual(term('text', 'a " b\\'))
  })

  test.each([
    ['status:', 7, 'missing'],
    ['site:"Dallas', 5, 'quote'],
    ['"Dallas', 0, 'quote'],
    ['(a or b', 0, 'parenthesis'],
    ['a )', 2, 'expect'],
    ['a or', 4, 'missing'],
    ['or a', 0, 'expect'],
    ['site:a"b"', 6, 'space'],
    ['()', 1, 'expect'],
    [`${'('.repeat(40)}a`, 32, 'deep'],
  ])('says what is wrong with %s and where', (text, at, word) => {
    const error = refusal(text)
    expect(error.at).toBe(at)
    expect(error.message).toContain(word)
  })

  test('remembers where each term begins', () => {
    const query = parseQuery('a  type:ups')
    expect(query.op === 'and' && query.terms.map((each) => each.op === 'term' && each.at)).toEqual([
      0, 3,
    ])
  })

  test('never throws anything but QueryError', () => {
    const alphabet = fc.constantFrom(
      ...'ab:<>=()"\\*-. \n\u00e9',
      'or ',
      'and ',
      'not ',
      'tag.',
      '\ud800',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(alphabet, { maxLength: 60 }).map((part) => part.join('')),
        ),
        (text) => {
          try {
            parseQuery(text)
          } catch (error) {
            expect(error).toBeInstanceOf(QueryError)
            expect((error as QueryError).at).toBeGreaterThanOrEqual(0)
            expect((error as QueryError).at).toBeLessThanOrEqual(text.length)
          }
        },
      ),
      { numRuns: 5000 },
    )
  })
})

const anyTerm = fc.record({
  op: fc.constant('term' as const),
  field: fc.constantFrom('text', 'key', 'name', 'tag.env', 'a-b.c_d'),
  cmp: fc.constantFrom<Comparison>(':', '<', '<=', '>', '>='),
  value: fc.oneof(
    fc.string(),
    fc.constantFrom('or', 'not', '-a', 'a:b', '=1', '', 'x*', 'a b', '"', '\\', 'a\nb'),
  ),
  at: fc.constant(0),
})

const anyQuery = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4 },
    anyTerm,
    fc.record({ op: fc.constant('not' as const), term: tie('query') }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      terms: fc.array(tie('query'), { minLength: 2, maxLength: 4 }),
    }),
  ),
})).query

describe('formatQuery', () => {
  test('is read back as the query that it was made of', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        expect(meaning(parseQuery(formatQuery(query)))).toEqual(meaning(query))
      }),
      { numRuns: 2000 },
    )
  })

  test('quotes no more than it must', () => {
    const text = 'status:offline site:"Dallas 2" (type:ups or type:pdu) -tag.env:prod lastSeen<-1h'
    expect(formatQuery(parseQuery(text))).toBe(text)
  })
})

describe('editing a query', () => {
  const ups = { field: 'type', value: 'ups' }

  test('adds a term once, and keeps an or together', () => {
    expect(addTerm('', ups)).toBe('type:ups')
    expect(addTerm('type:ups a', ups)).toBe('type:ups a')
    expect(addTerm('a or b', ups)).toBe('(a or b) type:ups')
  })

  test('removes a term where all must hold, and nowhere else', () => {
    expect(removeTerm('type:ups a', ups)).toBe('a')
    expect(removeTerm('type:ups', ups)).toBe('')
    expect(removeTerm('a or type:ups', ups)).toBe('a or type:ups')
    expect(hasTerm('a or type:ups', ups)).toBe(false)
    expect(hasTerm('a type:ups', ups)).toBe(true)
  })

  test('sets a field to one value, or to none', () => {
    expect(setTerm('status:offline a status:stale', 'status', 'online')).toBe('a status:online')
    expect(setTerm('status:offline a', 'status', undefined)).toBe('a')
  })
})
