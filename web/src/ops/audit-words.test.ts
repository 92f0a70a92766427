import { expect, test } from 'vitest'
import { actionWords, actorName, shortId, subjectOf } from './audit-words.ts'

test('an action reads as words', () => {
  expect(actionWords('registry.token-revoked')).toBe('Token revoked')
  expect(actionWords('registry.signed-in')).toBe('Signed in')
})

test('who acted is called as they were called then, and Pulse by its name', () => {
  expect(actorName({ kind: 'person', id: 'pe_1', name: 'Ana' })).toBe('Ana')
  expect(actorName({ kind: 'key', id: 'k1', name: null })).toBe('k1')
  expect(actorName({ kind: 'system', id: 'sealer', name: null })).toBe('Pulse')
})

test('a subject has a kind and an id, which may hold a colon', () => {
  expect(subjectOf('device:a:b')).toEqual({ kind: 'device', id: 'a:b' })
  expect(subjectOf('platform')).toEqual({ kind: '', id: 'platform' })
})

test('an id that says nothing is cut, a key is not', () => {
  expect(shortId('pe_01939d3e-0000-7000-8000-00000000a1b2')).toBe('pe_0193…a1b2')
  expect(shortId('01a20f0c-cbf9-748c-9d81-777b06284ac8')).toBe('01a20f0…4ac8')
  expect(shortId('ups-0041')).toBe('ups-0041')
})
