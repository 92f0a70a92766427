import { expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#testing'
import { createLog, type Log } from './log.ts'

/** What a log wrote for `work`. */
function logged(work: (log: Log) => void): string {
  const lines: string[] = []
  work(createLog('trace', (line) => lines.push(line)))
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
  return lines.join('')
}

const token = `pulse_d_42_${'x9'.repeat(20)}`
const failure = () => new Error('outer', { cause: new Error(`inner ${token}`) })

test.each<[string, (log: Log) => void]>([
  ['a field named as one', (log) => log.info({ password: 'hunter2hunter2' }, 'x')],
  ['a field deep down', (log) => log.info({ a: { b: { c: { clientSecret: 'hunter2hunter2' } } } })],
  ['a header', (log) => log.info({ headers: { authorization: 'Basic aHVudGVyMmh1bnRlcjI=' } })],
  ['a message', (log) => log.info(`refused ${token}`)],
  ['a text', (log) => log.info({ note: `it was ${token}.` }, 'x')],
  ['an error and its cause', (log) => log.error({ err: failure() }, 'bug')],
  ['a child log', (log) => log.child({ cookie: 'hunter2hunter2' }).info('x')],
  ['an address', (log) => log.info({ url: '/sign-in/callback?code=hunter2hunter2&state=1' })],
])('a log masks a secret in %s', (_, work) => {
  const text = logged(work)
  expect(text).toContain('•••')
  expect(text).not.toMatch(/hunter2|x9x9|aHVudGVy/)
})

test('a log keeps what is no secret', () => {
  const fields = { tokenId: 't1', device: 'ups-0041', hasPassword: true, count: 3 }
  expect(JSON.parse(logged((log) => log.warn(fields, 'seen')))).toMatchObject({
    ...fields,
    msg: 'seen',
    level: 40,
  })
})

test('a log does not tell the row that the database refused', async () => {
  const db: TestDatabase = await testDatabase()
  try {
    const owner = db.as('pulse_owner')
    const error: unknown = await owner`
      insert into actions.destination (tenant, key, name, kind, url, secret, created_at)
      values (1, 'a', null, 'webhook', 'https://example.com/', 'hunter2hunter2', now())`.catch(
      (each) => each,
    )
    expect(String((error as { detail?: string }).detail)).toContain('hunter2')
    const text = logged((log) => log.error({ err: error }, 'bug'))
    expect(text).toContain('23502')
    expect(text).not.toContain('hunter2')
  } finally {
    await db.drop()
  }
})
