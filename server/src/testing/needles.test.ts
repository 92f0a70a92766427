import { describe, expect, test } from 'vitest'
import { findSecrets } from './needles.ts'

const secrets = ['pulse_d_1_AbCdEfGh', 'correct horse battery', 'a"quoted\\secret']
const found = (text: string) => findSecrets(secrets, Buffer.from(text)).map(({ secret }) => secret)

describe('the search at the end of the suite', () => {
  test.each([
    ['at the beginning', 'pulse_d_1_AbCdEfGh is here', [secrets[0]]],
    ['at the end', 'here is pulse_d_1_AbCdEfGh', [secrets[0]]],
    ['in a URL', '/x?password=correct%20horse%20battery&y', [secrets[1]]],
    ['in JSON', JSON.stringify({ any: 'a"quoted\\secret' }), [secrets[2]]],
    ['several', 'correct horse battery pulse_d_1_AbCdEfGh', [secrets[1], secrets[0]]],
    ['none', 'pulse_d_1_AbCdEfG and its tail EfGh', []],
  ])('finds a secret %s', (_, text, expected) => {
    expect(found(text)).toEqual(expected)
  })

  test('says what stands around it', () => {
    const [hit] = findSecrets(secrets, Buffer.from(`level 50: pulse_d_1_AbCdEfGh was refused`))
    expect(hit?.context).toBe('level 50: pulse_d_1_AbCdEfGh was refused')
  })
})
