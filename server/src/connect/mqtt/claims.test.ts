import { expect, test } from 'vitest'
import { Claims } from './claims.ts'

const DEVICE = 1

test('a message goes by one connection', async () => {
  const claims = new Claims()
  const take = () =>
    claims.look(
      DEVICE,
      async () => 7,
      (id) => claims.claim(DEVICE, id),
    )
  expect(await take()).toBe(true)
  expect(await take()).toBe(false)
  claims.release(DEVICE, 7)
  expect(await take()).toBe(true)
})

test('a message that is gone is not sent by who had seen it before', async () => {
  const claims = new Claims()
  claims.claim(DEVICE, 7)
  const read = Promise.withResolvers<number>()
  const late = claims.look(
    DEVICE,
    () => read.promise,
    (id) => claims.claim(DEVICE, id),
  )
  // Acknowledged and removed while the other connection reads.
  claims.gone(DEVICE, 7)
  read.resolve(7)
  expect(await late).toBe(false)
  const except = await claims.look(
    DEVICE,
    async (ids) => ids,
    (ids) => ids,
  )
  expect(except).toEqual([])
})

test('a look that fails holds nothing', async () => {
  const claims = new Claims()
  claims.claim(DEVICE, 7)
  const failing = claims.look(
    DEVICE,
    () => Promise.reject(new Error('away')),
    () => {},
  )
  claims.gone(DEVICE, 7)
  await expect(failing).rejects.toThrow('away')
  expect(claims.claim(DEVICE, 7)).toBe(true)
})
