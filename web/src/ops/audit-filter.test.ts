import { expect, test } from 'vitest'
import { filterOf } from './audit-filter.ts'

const now = Date.parse('2026-11-24T12:34:56.789Z')

test('a range counts back to a whole minute, so that asking again asks the same', () => {
  expect(filterOf({ range: '1h' }, now)).toEqual({ from: '2026-11-24T11:34:00.000Z' })
  expect(filterOf({ range: '1h' }, now + 2000)).toEqual(filterOf({ range: '1h' }, now))
})

test('a chosen beginning outranks the range, and nothing chosen asks for everything', () => {
  const from = '2026-11-01T00:00:00.000Z'
  expect(filterOf({ range: '1h', from }, now)).toEqual({ from })
  expect(filterOf({ at: 7 }, now)).toEqual({})
})

test('one letter is not searched for yet', () => {
  expect(filterOf({ text: 'a ' }, now)).toEqual({})
  expect(filterOf({ text: ' ab ' }, now)).toEqual({ text: 'ab' })
})
