import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Database, manualClock } from '#platform'
import { testLog } from '#testing'
import { type TestDatabase, testDatabase } from '../../testing/index.ts'
import { PulseError } from '../errors.ts'
import { forgetIdempotencyKeys, takeIdempotencyKeys } from './idempotency.ts'
import type { Membership } from './routes.ts'
import { createShell, type Shell } from './shell.ts'

let db: TestDatabase
let shell: Shell
let url: string
const clock = manualClock(Date.parse('2026-11-24T12:00:00Z'))
/** What the planted routes did, by name. */
const done: string[] = []
/** Holds `/slow` until it is called. */
let release = () => {}
let began = () => {}

const member = (tenant: number, key: string): Membership => ({
  tenant,
  key,
  name: key,
  region: 'us-west-2',
  role: 'engineer',
  permissions: new Set(['device.write'] as const),
  suspended: false,
  entering: undefined,
})

beforeAll(async () => {
  db = await testDatabase()
  shell = await createShell({
    log: testLog,
    version: '0',
    authenticate: async () => ({
      kind: 'person',
      id: 'pe_1',
      name: 'Ada',
      operator: false,
      tenants: [member(1, 'acme'), member(2, 'other')],
    }),
  })
  takeIdempotencyKeys(shell, { db: db.as('pulse_app'), clock })
  plantRoutes(shell)
  url = await shell.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await shell.close()
  await db.drop()
})

function plantRoutes(app: Shell): void {
  const config = { permission: 'device.write' } as const
  const schema = {
    body: z.object({ name: z.string() }),
    response: { 201: z.object({ n: z.int() }) },
  }
  app.post('/things', { config, schema }, async (request, reply) => {
    done.push(request.body.name)
    if (request.body.name === 'twin') throw new PulseError('registry.device-exists')
    if (request.body.name === 'storm') throw new PulseError('platform.limited', { retryAfterS: 1 })
    if (request.body.name === 'bug') throw new Error('planted')
    return reply.code(201).send({ n: done.length })
  })
  app.post('/slow', { config, schema }, async (request, reply) => {
    done.push(request.body.name)
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    began()
    await held
    return reply.code(201).send({ n: done.length })
  })
  const secret = { config: { ...config, secret: true } }
  app.post('/secrets', secret, async (_request, reply) => {
    done.push('secret')
    return reply.code(201).send({ token: 'pulse_d_hush' })
  })
  app.delete('/things/:name', { config }, async (_request, reply) => {
    done.push('delete')
    return reply.code(204).send(null)
  })
}

function send(
  path: string,
  key: string,
  name = 'one',
  more: RequestInit & { tenant?: string } = {},
) {
  return fetch(url + path, {
    method: 'POST',
    body: more.method === 'DELETE' ? null : JSON.stringify({ name }),
    ...more,
    headers: {
      'pulse-tenant': more.tenant ?? 'acme',
      'idempotency-key': key,
      ...(more.method === 'DELETE' ? {} : { 'content-type': 'application/json' }),
    },
  })
}

const times = (name: string): number => done.filter((each) => each === name).length
const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code
const keptAs = (key: string) =>
  (db.as('pulse_owner') as Database)`select * from platform.idempotency where key = ${key}`

describe('a write with an Idempotency-Key', () => {
  test('is done once, and answered alike each time', async () => {
    const first = await send('/things', 'k-once', 'once')
    const again = await send('/things', 'k-once', 'once')
    expect([first.status, again.status]).toEqual([201, 201])
    expect(await again.text()).toBe(await first.text())
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'))
    expect(first.headers.get('idempotent-replay')).toBeNull()
    expect(again.headers.get('idempotent-replay')).toBe('true')
    expect(times('once')).toBe(1)
  })

  test('is refused when the key was used with another body, address or method', async () => {
    await send('/things', 'k-other', 'first')
    const others = [
      await send('/things', 'k-other', 'second'),
      await send('/things?x=1', 'k-other', 'first'),
      await send('/things/first', 'k-other', '', { method: 'DELETE' }),
    ]
    for (const other of others) {
      expect([other.status, await codeOf(other)]).toEqual([409, 'platform.idempotency-key'])
    }
    expect(times('second')).toBe(0)
  })

  test('may use a key that another tenant uses', async () => {
    await send('/things', 'k-shared', 'ours')
    const theirs = await send('/things', 'k-shared', 'theirs', { tenant: 'other' })
    expect([theirs.status, theirs.headers.get('idempotent-replay')]).toEqual([201, null])
  })

  test('has a final refusal replayed, as a problem', async () => {
    const first = await send('/things', 'k-refused', 'twin')
    const again = await send('/things', 'k-refused', 'twin')
    expect([again.status, again.headers.get('content-type')]).toEqual([
      409,
      'application/problem+json; charset=utf-8',
    ])
    expect(await again.json()).toEqual(await first.json())
    expect(times('twin')).toBe(1)
  })

  test.for(['storm', 'bug'])('runs again after a failure that may pass: %s', async (name) => {
    await send('/things', `k-${name}`, name)
    await send('/things', `k-${name}`, name)
    expect(times(name)).toBe(2)
  })

  test('keeps its key when its body does not fit', async () => {
    const wrong = await fetch(`${url}/things`, {
      method: 'POST',
      body: '{"nom":"x"}',
      headers: {
        'pulse-tenant': 'acme',
        'idempotency-key': 'k-mended',
        'content-type': 'application/json',
      },
    })
    expect(wrong.status).toBe(400)
    expect((await send('/things', 'k-mended', 'mended')).status).toBe(201)
  })

  test('without a body to answer is replayed without one', async () => {
    await send('/things/x', 'k-delete', '', { method: 'DELETE' })
    const again = await send('/things/x', 'k-delete', '', { method: 'DELETE' })
    expect([again.status, await again.text()]).toEqual([204, ''])
    expect(times('delete')).toBe(1)
  })

  test('waits for an equal one that is under way, and gets its answer', async () => {
    const running = new Promise<void>((resolve) => {
      began = resolve
    })
    const first = send('/slow', 'k-slow', 'slow')
    await running
    const second = send('/slow', 'k-slow', 'slow')
    await waiting()
    release()
    const [a, b] = await Promise.all([first, second])
    expect([a.status, b.status, b.headers.get('idempotent-replay')]).toEqual([201, 201, 'true'])
    expect(times('slow')).toBe(1)
  })

  test('whose answer shows a secret has it shown once and kept nowhere', async () => {
    const first = await send('/secrets', 'k-secret')
    expect(await first.text()).toContain('hush')
    const again = await send('/secrets', 'k-secret')
    expect([again.status, await codeOf(again)]).toEqual([409, 'platform.idempotency-secret'])
    expect(times('secret')).toBe(1)
    expect(JSON.stringify(await keptAs('k-secret'))).not.toContain('hush')
  })

  test.for(['', 'x'.repeat(129), 'two words', 'é'])(
    'is refused with "%s" for a key',
    async (key) => {
      const answer = await send('/things', key, 'bad-key')
      expect([answer.status, await codeOf(answer)]).toEqual([400, 'platform.invalid'])
    },
  )

  test('has its key forgotten after 24 hours', async () => {
    await send('/things', 'k-old', 'old')
    clock.advance(24 * 3_600_000)
    await forgetIdempotencyKeys(db.as('pulse_owner'), clock)
    expect(await keptAs('k-old')).toHaveLength(1)
    clock.advance(1)
    await forgetIdempotencyKeys(db.as('pulse_owner'), clock)
    expect(await keptAs('k-old')).toHaveLength(0)
  })
})

/** Until one connection waits for a lock that another holds. */
async function waiting(): Promise<void> {
  const deadline = Date.now() + 4000
  for (;;) {
    const [row] = await db.as('pulse_owner')`
      select count(*)::int as n from pg_locks l join pg_database d on d.oid = l.database
       where d.datname = current_database() and l.locktype = 'advisory' and not l.granted`
    if (row?.['n'] > 0) return
    if (Date.now() > deadline) throw new Error('nobody waits')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
