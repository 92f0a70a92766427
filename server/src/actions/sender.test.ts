import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock } from '#platform'
import type { ResolvedAddress } from './lookup.ts'
import { createSender, type Sender } from './sender.ts'
import { type TestReceiver, testReceiver } from './test-receiver.ts'

let receiver: TestReceiver
let sender: Sender
const clock = manualClock(Date.now())
/** What the injected resolver answers, in turn; the last stays. */
let zones: Record<string, readonly string[][]>
let asked: string[]

beforeEach(async () => {
  receiver = await testReceiver()
  zones = {}
  asked = []
  sender = createSender({
    clock,
    resolve: async (host): Promise<readonly ResolvedAddress[]> => {
      const answers = zones[host] ?? []
      const turn = asked.filter((one) => one === host).length
      asked.push(host)
      const addresses = answers[Math.min(turn, answers.length - 1)] ?? []
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
  })
})
afterEach(async () => {
  sender.close()
  await receiver.close()
})

const send = (url: string, privateAllowed = false) =>
  sender.send({ url, headers: { 'webhook-id': 'dl_1' }, body: '{}', privateAllowed })

describe('a sender', () => {
  test.each([
    ['loopback', (port: number) => `http://127.0.0.1:${port}/`],
    ['a decimal address', (port: number) => `http://2130706433:${port}/`],
    ['a mapped address', (port: number) => `http://[::ffff:127.0.0.1]:${port}/`],
    ['localhost', (port: number) => `http://localhost:${port}/`],
  ])('does not connect to %s', async (_, url) => {
    const answer = await send(url(receiver.port))
    expect(answer.error).toContain('actions.private-address')
    expect(receiver.received).toHaveLength(0)
  })

  test.each([[['127.0.0.1']], [['10.0.0.8']], [['93.184.216.34', '127.0.0.1']], [['::1']]])(
    'does not connect to a name that resolves to %s',
    async (addresses) => {
      zones = { 'hooks.example': [addresses] }
      const answer = await send(`http://hooks.example:${receiver.port}/`)
      expect(answer.error).toContain('actions.private-address')
      expect(answer.status).toBeUndefined()
      expect(receiver.received).toHaveLength(0)
    },
  )

  test('asks the resolver once, and connects to what it checked', async () => {
    zones = { 'hooks.example': [['127.0.0.1'], ['10.0.0.8']] }
    const answer = await send(`http://hooks.example:${receiver.port}/`, true)
    expect(answer).toMatchObject({ status: 204, error: undefined })
    expect(asked).toEqual(['hooks.example'])
  })

  test('does not reuse a connection that another policy let through', async () => {
    zones = { 'hooks.example': [['127.0.0.1']] }
    const url = `http://hooks.example:${receiver.port}/`
    expect((await send(url, true)).status).toBe(204)
    expect((await send(url)).error).toContain('actions.private-address')
    expect(receiver.received).toHaveLength(1)
  })

  test('follows a 307 within its origin, with the body', async () => {
    receiver.answer((response, { path }) => {
      if (path === '/hook') response.writeHead(307, { location: '/moved' }).end()
      else response.writeHead(200).end('thanks')
    })
    const answer = await send(receiver.url, true)
    expect(answer).toMatchObject({ status: 200, response: 'thanks' })
    expect(receiver.received.map(({ path, body }) => [path, body])).toEqual([
      ['/hook', '{}'],
      ['/moved', '{}'],
    ])
  })

  test('checks the address of a redirect, although the destination was allowed', async () => {
    const inner = await testReceiver()
    receiver.answer((response) => response.writeHead(307, { location: inner.url }).end())
    const answer = await send(receiver.url, true)
    expect(answer.error).toContain('actions.private-address')
    expect(inner.received).toHaveLength(0)
    await inner.close()
  })

  test('gives up after three redirects, and on one that would drop the body', async () => {
    receiver.answer((response) => response.writeHead(308, { location: '/again' }).end())
    expect((await send(receiver.url, true)).error).toBe('More than 3 redirects.')
    expect(receiver.received).toHaveLength(4)
    receiver.answer((response) => response.writeHead(302, { location: '/again' }).end())
    expect((await send(receiver.url, true)).error).toContain('302, a redirect')
  })

  test('keeps 2 KiB of an answer and does not read an endless one', async () => {
    receiver.answer((response) => {
      response.writeHead(500)
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(8192)));
      }
      response.on('drain', more)
      more()
    })
    const answer = await send(receiver.url, true)
    expect(answer.status).toBe(500)
    expect(answer.response).toHaveLength(2048)
  })

  test('stores no NUL of an answer', async () => {
    receiver.answer((response) => response.writeHead(500).end('a\u0000b'))
    expect((await send(receiver.url, true)).response).toBe('a\ufffdb')
  })

  test('ends an attempt that has no answer after 15 s', async () => {
    receiver.answer(() => clock.advance(15_000))
    expect((await send(receiver.url, true)).error).toBe('No answer within 15 s.')
  })

  test('sends again when a kept connection had been closed', async () => {
    receiver.answer((response) => response.writeHead(204, { connection: 'keep-alive' }).end())
    expect((await send(receiver.url, true)).status).toBe(204)
    let cut = false
    receiver.answer((response) => {
      if (cut) response.writeHead(204).end()
      else response.socket?.destroy()
      cut = true
    })
    expect(await send(receiver.url, true)).toMatchObject({ status: 204, error: undefined })
  })

  test('says in words why there was no answer', async () => {
    expect((await send('http://nowhere.example/', true)).error).toBe(
      'No address is known for nowhere.example.',
    )
    await receiver.close()
    expect((await send(receiver.url, true)).error).toContain('ECONNREFUSED')
  })
})
