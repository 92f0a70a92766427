import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { weaknessOf, weaknessOfKey } from './weak-secret.ts'

describe('a password between machines', () => {
  test.each([
    ['changeme', 'it is a well-known default'],
    ['ChangeMe123', 'it is a well-known default'],
    ['password', 'it is a well-known default'],
    ['postgres', 'it is a well-known default'],
    ['', 'it is shorter than 16 characters'],
    ['k7Gd-93_fQzLw', 'it is shorter than 16 characters'],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'it repeats itself'],
    ['abcdefghabcdefghabcdefgh', 'it repeats itself'],
    ['pulse_app-9f2kQ7xLz0Rm', 'it holds its user name'],
  ])('is refused when it is %s', (secret, why) => {
    expect(weaknessOf(secret, 'pulse_app')).toBe(why)
  })

  test('is taken when it is 12 random bytes or more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 12, max: 64 }), (length) => {
        expect(weaknessOf(randomBytes(length).toString('base64url'))).toBeUndefined()
      }),
    )
  })
})

describe('a key', () => {
  test.each([
    ['of 16 bytes', randomBytes(16), 'it has 16 bytes instead of 32'],
    ['of zeros', Buffer.alloc(32), 'it repeats itself'],
    ['of one word', Buffer.from('changeme'.repeat(4)), 'it repeats itself'],
    [
      'of a sentence',
      Buffer.from('The quick brown fox jumps over 1'),
      'it is text, not random bytes',
    ],
    [
      'that counts',
      Buffer.from(Array.from({ length: 32 }, (_, at) => 128 + at)),
      'it is a sequence, not random bytes',
    ],
  ])('%s is refused', (_, bytes, why) => {
    expect(weaknessOfKey(bytes)).toBe(why)
  })

  test('of 32 random bytes is taken', () => {
    for (let round = 0; round < 1000; round++)
      expect(weaknessOfKey(randomBytes(32))).toBeUndefined()
  })
})
