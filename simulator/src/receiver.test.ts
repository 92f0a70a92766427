import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type Receiver, type ReceiverOptions, startReceiver } from './receiver.ts'

const SECRET = `whsec_${Buffer.from('a secret of the receiver').toString('base64')}`
let receiver: Receiver
afterEach(() => receiver.stop())

const start = async (options: ReceiverOptions = {}): Promise<void> => {
  receiver = await startReceiver(options)
}

/** Sends a webhook as Standard Webhooks has it and returns the status. */
async function send(id: string, rest: { atMs?: number; body?: string } = {}): Promise<number> {
  const timestamp = Math.floor((rest.atMs ?? Date.now()) / 1000)
  const signed = '{"type":"rules.alert-opened"}'
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key)
    .update(`${id}.${timestamp}.${signed}`)
    .digest('base64')
  const response = await fetch(receiver.url, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      // While a secret is rotated, another one stands before it.
      'webhook-signature': `v1,AAAA v1,${signature}`,
    },
    body: rest.body ?? signed,
  })
  return response.status
}

describe('the receiver', () => {
  test('takes a signed webhook and counts each id once', async () => {
    await start({ secret: SECRET, now: () => Date.now() })
    expect([await send('a'), await send('a'), await send('b')]).toEqual([204, 204, 204])
    expect(receiver.summary()).toMatchObject({ requests: 3, distinct: 2, repeated: 1 })
    expect(receiver.arrivals.get('a')).toMatchObject({ body: { type: 'rules.alert-opened' } })
  })

  test('refuses another body, an old timestamp and another secret', async () => {
    await start({ secret: SECRET })
    expect(await send('a', { body: '{}' })).toBe(400)
    expect(await send('b', { atMs: Date.now() - 600_000 })).toBe(400)
    receiver.useSecret(`whsec_${Buffer.from('another').toString('base64')}`)
    expect(await send('c')).toBe(400)
    expect(receiver.summary()).toMatchObject({ distinct: 0, badSignatures: 3 })
  })

  test('fails as often as it was told, over HTTP too', async () => {
    await start({ secret: SECRET })
    receiver.failNext(1, 503)
    expect([await send('a'), await send('a')]).toEqual([503, 204])
    const wish = JSON.stringify({ failNext: 2 })
    await fetch(new URL('/control', receiver.url), { method: 'POST', body: wish })
    expect([await send('b'), await send('b'), await send('b')]).toEqual([500, 500, 204])
  })

  test('has an id in its ledger before it answers', async () => {
    const ledger = join(mkdtempSync(join(tmpdir(), 'receiver-')), 'ledger')
    await start({ ledger })
    await send('a')
    expect(readFileSync(ledger, 'utf8')).toBe('a\n')
  })

  test('shows what it got', async () => {
    await start()
    await send('a')
    const shown = (await (await fetch(receiver.url)).json()) as { arrivals: { id: string }[] }
    expect(shown).toMatchObject({ distinct: 1, arrivals: [{ id: 'a', count: 1 }] })
  })
})
