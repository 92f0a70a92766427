import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { person } from './counterpart.ts'
import { type Ground, standOn } from './ground.ts'

let ground: Ground
beforeAll(async () => {
  ground = await standOn()
})
afterAll(() => ground?.close())

const bearer = async () => (await ground.portal.signIn(person('vera'))).accessToken
const statusOf = async (token: string) => (await ground.session(token)).status
const keyOf = (token: string) => decodeProtectedHeader(token).kid

it('takes tokens of a new signing key at once, without a restart, and still those of the old', async () => {
  const old = await bearer()
  expect(await statusOf(old)).toBe(200)
  await ground.counterpart.rotateKeys()
  const fresh = await bearer()
  expect(keyOf(fresh)).not.toBe(keyOf(old))
  expect([await statusOf(fresh), await statusOf(old)]).toEqual([200, 200])
})

it('refuses a live token of a key that the issuer took away', async () => {
  const { forgetOldKeys } = ground.counterpart
  if (forgetOldKeys === undefined) return
  const old = await bearer()
  expect(await statusOf(old)).toBe(200)
  await ground.counterpart.rotateKeys()
  await forgetOldKeys()
  // The issuer was asked for keys a moment ago, and is not asked for each that somebody makes up.
  ground.advance(10_000)
  const fresh = await bearer()
  expect([await statusOf(fresh), await statusOf(old)]).toEqual([200, 401])
})
