import { describe, expect, test } from 'vitest'
import { drawTotpSecret, totpCode, totpStepOf, totpUri } from './totp.ts'

/** `12345678901234567890` in base32: the secret of RFC 6238, appendix B. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

describe('codes of a second factor', () => {
  // The vectors have eight digits; six are their end.
  test.each([
    [59, '287082', 1],
    [1_111_111_109, '081804', 37_037_036],
    [1_111_111_111, '050471', 37_037_037],
    [1_234_567_890, '005924', 41_152_263],
    [2_000_000_000, '279037', 66_666_666],
    [20_000_000_000, '353130', 666_666_666],
  ])('are those of RFC 6238 at %i s', (seconds, code, step) => {
    expect(totpCode(SECRET, seconds * 1000)).toBe(code)
    expect(totpStepOf(SECRET, code, seconds * 1000)).toBe(step)
  })

  test('may be one step early or late, and not two', () => {
    const at = 1_800_000_000_000
    const shifted = (steps: number) => totpStepOf(SECRET, totpCode(SECRET, at + steps * 30_000), at)
    expect([-2, -1, 0, 1, 2].map((steps) => shifted(steps) !== undefined)).toEqual([
      false,
      true,
      true,
      true,
      false,
    ])
  })

  test.each(['', '12345', '1234567', 'abcdef', '１２３４５６'])('are not %j', (code) => {
    expect(totpStepOf(SECRET, code, 59_000)).toBeUndefined()
  })
})

test('a secret has 160 bits, and its address names Pulse and the person', () => {
  const secret = drawTotpSecret()
  expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  const uri = new URL(totpUri(secret, 'ada@acme.test'))
  expect(uri.protocol).toBe('otpauth:')
  expect(decodeURIComponent(uri.pathname)).toMatch(/Pulse:ada@acme\.test$/)
  expect(uri.searchParams.get('secret')).toBe(secret)
})
