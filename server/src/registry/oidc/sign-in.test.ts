import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signInByForm } from '../../testing/sign-in.ts'
import { type TestIdentity, testIdentity } from './test-identity.ts'

let pulse: TestIdentity

beforeAll(async () => {
  pulse = await testIdentity()
})
afterAll(() => pulse?.close())

describe('signing in', () => {
  test('gives an access token that says who it is', async () => {
    const ada = await pulse.person('ada')
    const { accessToken } = await signInByForm({ origin: pulse.origin, ...ada })
    expect(await pulse.service.verify(accessToken)).toMatchObject({
      issuer: 'embedded',
      subject: ada.id,
      username: 'ada',
      name: 'Name of ada',
      email: 'ada@pulse.test',
      emailVerified: true,
      claimed: undefined,
    })
  })
})
