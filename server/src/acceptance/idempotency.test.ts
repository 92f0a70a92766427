import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, startPulse } from './harness.ts'

let pulse: Harness
let bearer: string
beforeAll(async () => {
  pulse = await startPulse()
  bearer = await pulse.signIn()
})
afterAll(() => pulse.close())

const send = (method: string, path: string, key: string, body?: object) =>
  fetch(pulse.http + path, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      'idempotency-key': key,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    body: body ? JSON.stringify(body) : null,
  })
const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code

test('a device that is registered twice with one key is registered once', async () => {
  const device = { key: 'ups-1', type: 'probe', site: 'lab' }
  const answers = await Promise.all([1, 2, 3].map(() => send('POST', '/v1/devices', 'k1', device)))
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
  const replays = answers.filter(({ headers }) => headers.get('idempotent-replay') === 'true')
  expect(replays).toHaveLength(2)
  const [audit] = await pulse.db.as('pulse_owner')`
    select count(*)::int as n from platform.audit
     where action = 'registry.device-registered' and subject = 'device:ups-1'`
  expect(audit?.['n']).toBe(1)
})

test('a key that was used for another device is refused', async () => {
  const answer = await send('POST', '/v1/devices', 'k1', { key: 'ups-2', type: 'probe' })
  expect([answer.status, await codeOf(answer)]).toEqual([409, 'platform.idempotency-key'])
})

test('many writes with keys at once leave the others their connections', async () => {
  const made = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      send('POST', '/v1/devices', `many-${index}`, { key: `many-${index}`, type: 'probe' }),
    ),
  )
  expect(new Set(made.map(({ status }) => status))).toEqual(new Set([201]))
})

test('a token is shown once, made once, and kept in no answer', async () => {
  await pulse.enrol('ups-3')
  const path = '/v1/devices/ups-3/tokens'
  const before = await pulse.app.registry.devices.tokens(pulse.tenant, 'ups-3')
  const first = await send('POST', path, 'k-token')
  const { token } = (await first.json()) as { token: string }
  const again = await send('POST', path, 'k-token')
  expect([again.status, await codeOf(again)]).toEqual([409, 'platform.idempotency-secret'])
  const after = await pulse.app.registry.devices.tokens(pulse.tenant, 'ups-3')
  expect(after).toHaveLength(before.length + 1)
  const kept = await pulse.db.as('pulse_owner')`select * from platform.idempotency`
  expect(kept.length).toBeGreaterThan(40)
  expect(JSON.stringify(kept)).not.toContain(token)
})

test('the secret of a destination is kept in no answer either', async () => {
  const hook = { name: 'Hook', kind: 'webhook', url: 'https://hooks.example.com/x' }
  const first = await send('PUT', '/v1/destinations/hook', 'k-hook', hook)
  const { secret } = (await first.json()) as { secret: string }
  expect(secret).toMatch(/^whsec_/)
  const again = await send('PUT', '/v1/destinations/hook', 'k-hook', hook)
  expect([again.status, await codeOf(again)]).toEqual([409, 'platform.idempotency-secret'])
  const kept = await pulse.db.as('pulse_owner')`select * from platform.idempotency`
  expect(JSON.stringify(kept)).not.toContain(secret)
})

test('what was revoked with a key is answered alike again', async () => {
  const [token] = await pulse.app.registry.devices.tokens(pulse.tenant, 'ups-3')
  const path = `/v1/devices/ups-3/tokens/${token?.id}`
  const answers = [await send('DELETE', path, 'k-gone'), await send('DELETE', path, 'k-gone')]
  expect(answers.map(({ status }) => status)).toEqual([204, 204])
  expect(answers[1]?.headers.get('idempotent-replay')).toBe('true')
})
