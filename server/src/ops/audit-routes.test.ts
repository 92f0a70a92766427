import type { AuditAnswer, AuditVerificationAnswer, Permission } from '@pulse/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AuditEntry,
  createShell,
  inTenant,
  type ManualClock,
  manualClock,
  type Principal,
  record,
  recordForPlatform,
  type Shell,
} from '#platform'
import { type TestDatabase, testDatabase, testLog } from '#testing'
import { type Audit, createAudit } from './audit.ts'
import { verifyExport } from './audit-file.ts'
import { auditRoutes } from './audit-routes.ts'

let db: TestDatabase
let shell: Shell
let audit: Audit
let clock: ManualClock
let may: Permission = 'audit.read'

const membership = (tenant: number, key: string) => ({
  tenant,
  key,
  name: key,
  region: 'us-west-2',
  role: 'admin',
  permissions: new Set([may]),
  suspended: false,
  entering: undefined,
})
const principal = (): Principal => ({
  kind: 'person',
  id: 'pe_1',
  name: 'Ann',
  operator: false,
  tenants: [membership(7, 'acme'), membership(8, 'other')],
})

const ann = { kind: 'person', id: 'pe_1', name: 'Ann Lee' } as const
const key = { kind: 'key', id: 'ke_1', name: 'importer' } as const
const entries: readonly AuditEntry[] = [
  {
    actor: ann,
    action: 'registry.site-registered',
    subject: 'site:dal-1',
    after: { name: 'Dallas' },
  },
  {
    actor: key,
    action: 'registry.device-registered',
    subject: 'device:ups-1',
    address: '192.0.2.9',
  },
  { actor: ann, action: 'registry.token-created', subject: 'device:ups-1', requestId: 'rq_77' },
  { actor: ann, action: 'rules.rule-changed', subject: 'rule:hot', before: { limit: 30.5 } },
  {
    actor: key,
    action: 'registry.device-registered',
    subject: 'device:ups-2',
    after: { name: '=1+1' },
  },
]

beforeAll(async () => {
  db = await testDatabase()
  clock = manualClock(Date.parse('2026-11-24T17:20:00.000Z'))
  audit = createAudit({
    app: db.as('pulse_app'),
    facts: db.facts('pulse_sealer'),
    clock,
    log: testLog,
  })
  for (const entry of entries) await inTenant(db.as('pulse_app'), 7, (sql) => record(sql, entry))
  await inTenant(db.as('pulse_app'), 8, (sql) =>
    record(sql, { actor: ann, action: 'registry.site-registered', subject: 'site:theirs' }),
  )
  await db.as('pulse_app').begin((sql) =>
    recordForPlatform(sql, {
      actor: ann,
      action: 'registry.tenant-created',
      subject: 'tenant:x',
    }),
  )
  await audit.seal()
  shell = await createShell({ log: testLog, version: '0', authenticate: async () => principal() })
  auditRoutes(shell, audit)
})
afterAll(async () => {
  await shell?.close()
  await audit?.stop()
  await db.drop()
})

const get = (path: string, tenant = 'acme') =>
  shell.inject({ method: 'GET', url: path, headers: { 'pulse-tenant': tenant } })
const list = async (query: string, tenant = 'acme') =>
  (await get(`/v1/audit?${query}`, tenant)).json<AuditAnswer>()
const subjects = async (query: string) => (await list(query)).items.map(({ subject }) => subject)

describe('the list', () => {
  test('is newest first; each row says where it stands in the chain', async () => {
    const { items, unsealed } = await list('')
    expect(items.map(({ seal }) => seal?.position)).toEqual([5, 4, 3, 2, 1])
    expect(unsealed).toBe(0)
    expect(items[2]).toMatchObject({
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      actor: { kind: 'person', id: 'pe_1', name: 'Ann Lee' },
      action: 'registry.token-created',
      subject: 'device:ups-1',
      before: null,
      requestId: 'rq_77',
      address: null,
      seal: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
  })

  test.for([
    ['actor=ke_1', ['device:ups-2', 'device:ups-1']],
    ['actor=ann', ['rule:hot', 'device:ups-1', 'site:dal-1']],
    ['action=registry.device', ['device:ups-2', 'device:ups-1']],
    ['action=registry.token-created', ['device:ups-1']],
    ['action=egistry', []],
    ['subject=device:', ['device:ups-2', 'device:ups-1', 'device:ups-1']],
    ['text=DALLAS', ['site:dal-1']],
    ['text=rq_77', ['device:ups-1']],
    ['text=192.0.2', ['device:ups-1']],
    ['text=30.5', ['rule:hot']],
    ['text=100%25', []],
    ['actor=ann&action=registry.&text=ups-1', ['device:ups-1']],
    ['from=2000-01-01T00:00:00Z&to=2000-01-02T00:00:00Z', []],
    ['to=2000-01-02T00:00:00Z', []],
  ] as const)('is narrowed by %s', async ([query, found]) => {
    expect(await subjects(query)).toEqual(found)
  })

  test('of a range has what lies in it, the end outside', async () => {
    const { items } = await list('')
    const [, second, third] = items
    const range = `from=${third?.at}&to=${second?.at}`
    expect((await list(range)).items.map(({ id }) => id)).toEqual([third?.id])
  })

  test('is paged by a cursor without losing or repeating a row', async () => {
    const first = await list('limit=2')
    const second = await list(`limit=2&cursor=${first.next}`)
    const third = await list(`limit=2&cursor=${second.next}`)
    const ids = [first, second, third].flatMap(({ items }) => items.map(({ id }) => id))
    expect(new Set(ids).size).toBe(5)
    expect(third.next).toBeUndefined()
  })

  test('says of a row that waits that it has no seal yet', async () => {
    await inTenant(db.as('pulse_app'), 8, (sql) =>
      record(sql, { actor: ann, action: 'registry.site-registered', subject: 'site:new' }),
    )
    expect(await list('', 'other')).toMatchObject({
      items: [{ subject: 'site:new', seal: null }, { subject: 'site:theirs' }],
      unsealed: 1,
    })
  })

  test('takes no filter that cannot be stored', async () => {
    expect((await get('/v1/audit?text=a%00b')).statusCode).toBe(400)
  })

  test('needs the permission audit.read, as everything here', async () => {
    may = 'device.read'
    for (const path of ['/v1/audit', '/v1/audit/verification', '/v1/audit/export']) {
      expect((await get(path)).json()).toMatchObject({ code: 'registry.forbidden' })
    }
    may = 'audit.read'
  })
})

describe('the verification', () => {
  const verification = async (query = '') =>
    (await get(`/v1/audit/verification?${query}`)).json<AuditVerificationAnswer>()

  test('proves the chain, and finds the head that was kept', async () => {
    const { state, checked, total, result } = await verification()
    expect({ state, checked, total }).toEqual({ state: 'done', checked: 5, total: 5 })
    expect(result).toMatchObject({ proven: true, checked: 5, head: { position: 5 } })
    const { hash } = result?.head ?? { hash: '' }
    expect((await verification(`expect=${hash}@5`)).result?.proven).toBe(true)
    expect((await verification(`expect=${hash}@4`)).result?.faults).toMatchObject([
      { kind: 'anchor', position: 4 },
    ])
  })

  test('answers a result again as long as it is young enough', async () => {
    const first = await verification('maxAgeS=0')
    clock.advance(30_000)
    expect((await verification()).result?.at).toBe(first.result?.at)
    expect((await verification('maxAgeS=10')).result?.at).not.toBe(first.result?.at)
  })

  test('tells what is wrong', async () => {
    const edit = async (name: string) =>
      db.superuser().begin(async (sql) => {
        await sql`set local session_replication_role = replica`
        await sql`update platform.audit set actor_name = ${name} where subject = 'rule:hot'`
      })
    await edit('Eve')
    expect((await verification('maxAgeS=0')).result).toMatchObject({
      proven: false,
      faults: [{ kind: 'edited', position: 4, action: 'rules.rule-changed' }],
    })
    await edit('Ann Lee')
  })

  test('says when it is at it for long, and how far it is', async () => {
    const root = db.superuser()
    let answer: Promise<AuditVerificationAnswer> | undefined
    // Readers wait for this lock, so the verification cannot end.
    await root.begin(async (sql) => {
      await sql`lock ops.seal in access exclusive mode`
      answer = verification('maxAgeS=0')
      const late = setInterval(() => clock.advance(2000), 20)
      const { state, result } = await answer.finally(() => clearInterval(late))
      expect(state).toBe('running')
      expect(result?.proven).toBe(false)
      // Another question waits for it instead of making a second.
      const other = verification(`expect=${'0'.repeat(64)}@1`)
      const later = setInterval(() => clock.advance(2000), 20)
      expect((await other.finally(() => clearInterval(later))).state).toBe('running')
    })
    await expect.poll(async () => (await verification('maxAgeS=86400')).state).toBe('done')
  })
})

describe('the export', () => {
  async function* linesOf(text: string) {
    yield* text.trimEnd().split('\n')
  }

  test('has every row with its seal, and is proven by itself', async () => {
    const answer = await get('/v1/audit/export')
    expect(answer.headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
    expect(answer.headers['content-disposition']).toBe('attachment; filename="audit-acme.ndjson"')
    const [first, second, ...rest] = answer.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(first).toMatchObject({ pulse: 'audit-export/v1', tenant: 'acme', complete: true })
    expect(second).toMatchObject({ subject: 'site:dal-1', seal: { position: 1 }, before: null })
    expect(rest.at(-1)).toEqual({ end: true, rows: 5 })
    const proof = await verifyExport(linesOf(answer.body), { nowMs: clock.now })
    expect(proof).toMatchObject({ proven: true, checked: 5, head: { position: 5 } })
  })

  test('that a filter narrowed says so, and each row in it is proven', async () => {
    const { body } = await get('/v1/audit/export?action=registry.device')
    expect(JSON.parse(body.split('\n')[0] ?? '')).toMatchObject({ complete: false })
    const proof = await verifyExport(linesOf(body), { nowMs: clock.now })
    expect(proof).toMatchObject({ proven: true, checked: 2 })
    const forged = body.replace('device:ups-2', 'device:ups-3')
    expect(await verifyExport(linesOf(forged), { nowMs: clock.now })).toMatchObject({
      proven: false,
      faults: [{ kind: 'edited', position: 5 }],
    })
  })

  test('from which a line was taken is not proven, nor taken as whole', async () => {
    const { body } = await get('/v1/audit/export')
    const lines = body.trimEnd().split('\n')
    const without = [...lines.slice(0, 3), ...lines.slice(4)]
    const read = (all: readonly string[]) =>
      verifyExport(linesOf(all.join('\n')), { nowMs: clock.now })
    await expect(read(without)).rejects.toThrow('It has 4 rows, and its last line says 5')
    const recounted = [...without.slice(0, -1), '{"end":true,"rows":4}']
    expect(await read(recounted)).toMatchObject({
      proven: false,
      faults: [{ kind: 'missing', text: 'Seal 3 is gone.' }],
    })
    await expect(read(lines.slice(0, -1))).rejects.toThrow('cut off')
    await expect(read(['{}'])).rejects.toThrow('not of an audit export')
    await expect(read(['nonsense'])).rejects.toThrow('Line 1 is not JSON')
  })

  test('as CSV can be opened in a spreadsheet, which finds no formula in it', async () => {
    const answer = await get('/v1/audit/export?format=csv')
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8')
    const lines = answer.body.split('\r\n')
    expect(lines[0]).toMatch(
      /^position,id,at,actorKind,actor,actorName,action,subject,before,after/,
    )
    expect(lines).toHaveLength(7)
    expect(lines[5]).toContain('"{""name"": ""=1+1""}"')
    expect(answer.body).not.toMatch(/(^|,)[=+@-]/m)
  })
})

test('the log of the platform is listed, verified and exported by its tenant, 0', async () => {
  const { items } = await audit.list(0, { limit: 10 })
  expect(items.map(({ action }) => action)).toEqual(['registry.tenant-created'])
  const answer = await audit.verification(0, { maxAgeS: 0 })
  expect(answer.result).toMatchObject({ proven: true, checked: 1 })
  let text = ''
  for await (const piece of audit.export({ tenant: 0, key: 'platform' }, { format: 'ndjson' }))
    text += piece
  expect(text).toContain('"tenant":"platform"')
})
