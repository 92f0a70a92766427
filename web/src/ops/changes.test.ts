import { expect, test } from 'vitest'
import { changesInALine, changesOf } from './changes.ts'

test('only fields that changed are named, also inside', () => {
  const before = { name: 'a', limits: { rate: 10, size: 5 }, url: 'x' }
  const after = { name: 'a', limits: { rate: 20, size: 5 }, url: 'y' }
  expect(changesOf(before, after)).toEqual([
    { path: 'limits.rate', before: '10', after: '20' },
    { path: 'url', before: 'x', after: 'y' },
  ])
})

test('what was made has no before, and what was deleted no after', () => {
  expect(changesOf(null, { key: 'ups-1', tags: { env: 'prod' } })).toEqual([
    { path: 'key', before: undefined, after: 'ups-1' },
    { path: 'tags.env', before: undefined, after: 'prod' },
  ])
  expect(changesOf({ active: true }, null)).toEqual([
    { path: 'active', before: 'true', after: undefined },
  ])
})

test('of a list of words the ones that left and came are named', () => {
  const before = { permissions: ['device.read', 'rule.write'] }
  const after = { permissions: ['device.read', 'alert.read', 'alert.write'] }
  expect(changesOf(before, after)).toEqual([
    { path: 'permissions', before: 'rule.write', after: 'alert.read, alert.write' },
  ])
})

test('null reads like nothing, and so does an emptied list', () => {
  expect(changesOf({ email: null, tags: ['a'] }, { email: 'a@b.c', tags: [] })).toEqual([
    { path: 'email', before: undefined, after: 'a@b.c' },
    { path: 'tags', before: 'a', after: undefined },
  ])
  expect(changesOf({ a: null }, {})).toEqual([])
  expect(changesOf({ a: {} }, {})).toEqual([{ path: 'a', before: '{}', after: undefined }])
})

test('nothing changed is no change, and a bare value is one', () => {
  expect(changesOf(null, null)).toEqual([])
  expect(changesOf({ a: 1 }, { a: 1 })).toEqual([])
  expect(changesOf('draft', 'active')).toEqual([{ path: '', before: 'draft', after: 'active' }])
})

test('changes read in a line, the long ones left out', () => {
  expect(changesInALine({ role: 'technician' }, { role: 'engineer' })).toBe(
    'role technician → engineer',
  )
  expect(changesInALine(null, { hash: 'a'.repeat(41), name: 'Grafana', n: 1, m: 2 })).toBe(
    'name Grafana, n 1',
  )
  const entered = { id: 'en_01939d3e-0000-7000-8000-00000000a1b2', until: '2026-11-24T12:00:00Z' }
  expect(changesInALine(null, { ...entered, role: 'viewer' })).toBe('role viewer')
  expect(changesInALine({ email: 'a@b.c' }, { email: null })).toBe('without email a@b.c')
  expect(changesInALine(null, null)).toBe('')
})

test('a field called __proto__ is a field', () => {
  const after = JSON.parse('{"__proto__": "x"}') as { [key: string]: string }
  expect(changesOf({}, after)).toEqual([{ path: '__proto__', before: undefined, after: 'x' }])
})
