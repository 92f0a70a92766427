import { describe, expect, test } from 'vitest'
import { silentLog } from '../log.ts'
import { createShell } from './shell.ts'

/** Where a request from 127.0.0.1 with this header comes from, as routes are told. */
async function addressOf(trustedProxies: string | undefined, forwardedFor: string) {
  const shell = await createShell({
    log: silentLog,
    version: 'test',
    authenticate: async () => undefined,
    trustedProxies,
  })
  shell.get('/', { config: { open: 'nobody' } }, (request) => ({ ip: request.ip }))
  const headers = { 'x-forwarded-for': forwardedFor }
  const answer = await shell.inject({ url: '/', headers })
  await shell.close()
  return answer.json<{ ip: string }>().ip
}

describe('where a request comes from', () => {
  test('is not believed of anybody, by default', async () => {
    expect(await addressOf(undefined, '203.0.113.7')).toBe('127.0.0.1')
  })

  test('is believed of a trusted proxy, and of that one only', async () => {
    expect(await addressOf('127.0.0.1', '203.0.113.7')).toBe('203.0.113.7')
    expect(await addressOf('10.0.0.0/8', '203.0.113.7')).toBe('127.0.0.1')
  })

  test('is what the last trusted proxy saw, whatever the client wrote before', async () => {
    const chain = '1.2.3.4, 203.0.113.7, 10.1.2.3'
    expect(await addressOf('127.0.0.1,10.0.0.0/8', chain)).toBe('203.0.113.7')
  })
})
