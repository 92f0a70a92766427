import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { type AuditEntry, record, recordAll, recordForPlatform } from './audit.ts'
import { maskedJson, maskText } from './mask.ts'
import { asPipeline, inTenant } from './sql.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())
beforeEach(() => db.forgetAudit())

const entry: AuditEntry = {
  actor: { kind: 'person', id: 'pe_1', name: 'Ann' },
  action: 'registry.site-registered',
  subject: 'site:dal-1',
  before: { name: 'Dallas' },
  after: { name: 'Dallas 1', password: 'hunter2' },
  requestId: 'rq_1',
  address: '192.0.2.7',
}
const rows = () => db.superuser()`select * from platform.audit order by id`

describe('an audit row', () => {
  test('says who did what to what, before and after, from where, by which request', async () => {
    await inTenant(db.as('pulse_app'), 7, (sql) => record(sql, entry))
    expect(await rows()).toMatchObject([
      {
        tenant: '7',
        actor_kind: 'person',
        actor: 'pe_1',
        actor_name: 'Ann',
        action: 'registry.site-registered',
        subject: 'site:dal-1',
        before: { name: 'Dallas' },
        after: { name: 'Dallas 1', password: '•••' },
        request_id: 'rq_1',
        address: '192.0.2.7',
        at: expect.any(Date),
      },
    ])
  })

  test('has nulls where there is nothing to say', async () => {
    const { actor, action, subject } = entry
    await inTenant(db.as('pulse_app'), 7, (sql) => record(sql, { actor, action, subject }))
    const [row] = await rows()
    expect(row).toMatchObject({ before: null, after: null, request_id: null, address: null })
  })

  test('is gone with the change that is rolled back', async () => {
    const work = inTenant(db.as('pulse_app'), 7, async (sql) => {
      await record(sql, entry)
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    expect(await rows()).toEqual([])
  })

  test('of several tenants is written by the pipeline in order', async () => {
    const all = [9, 7, 8].map((tenant) => ({ ...entry, tenant, subject: `site:s${tenant}` }))
    await recordAll(asPipeline(db.as('pulse_pipeline')), all)
    expect((await rows()).map(({ tenant, subject }) => [tenant, subject])).toEqual([
      ['9', 'site:s9'],
      ['7', 'site:s7'],
      ['8', 'site:s8'],
    ])
  })
})

describe('a row of the platform itself', () => {
  const written = () => db.as('pulse_app').begin((sql) => recordForPlatform(sql, entry))

  test('belongs to tenant 0 and needs no tenant', async () => {
    await written()
    expect(await rows()).toMatchObject([
      { tenant: '0', actor: 'pe_1', after: { name: 'Dallas 1', password: '•••' } },
    ])
  })

  test.for([0, 7])('is read by no request, whatever tenant it sets (%i)', async (tenant) => {
    await written()
    const read = await inTenant(
      db.as('pulse_app'),
      tenant,
      (sql) => sql`select id from platform.audit`,
    )
    expect(read).toEqual([])
  })

  test('cannot be written by setting tenant 0', async () => {
    const forged = inTenant(db.as('pulse_app'), 0, (sql) => record(sql, entry))
    await expect(forged).rejects.toMatchObject({ code: '42501' })
  })
})

describe('the audit log', () => {
  const changes = [
    `update platform.audit set actor = 'nobody'`,
    'delete from platform.audit',
    'truncate platform.audit',
  ]

  test.for(
    (
      ['pulse_owner', 'pulse_app', 'pulse_pipeline', 'pulse_operator', 'pulse_sealer'] as const
    ).flatMap((role) => changes.map((change) => [role, change] as const)),
  )('refuses %s: %s', async ([role, change]) => {
    await inTenant(db.as('pulse_app'), 7, (sql) => record(sql, entry))
    const changed = db.as(role).begin(async (sql) => {
      await sql`select set_config('pulse.tenant', '7', true), set_config('pulse.erasing', '0', true)`
      await sql.unsafe(change)
    })
    await expect(changed).rejects.toMatchObject({ code: '42501' })
    expect(await rows()).toHaveLength(1)
  })

  test.for(changes)('refuses even a superuser: %s', async (change) => {
    await inTenant(db.as('pulse_app'), 7, (sql) => record(sql, entry))
    await expect(db.superuser().unsafe(change)).rejects.toMatchObject({ code: '42501' })
  })

  test('of a tenant that is deleted goes whole, and no other', async () => {
    for (const tenant of [7, 8])
      await inTenant(db.as('pulse_app'), tenant, (sql) => record(sql, entry))
    await db.as('pulse_owner')`select ops.erase_audit(7)`
    expect((await rows()).map(({ tenant }) => tenant)).toEqual(['8'])
    await expect(db.as('pulse_owner')`delete from platform.audit`).rejects.toThrow('written once')
  })

  test('of the platform itself is never deleted', async () => {
    await db.as('pulse_app').begin((sql) => recordForPlatform(sql, entry))
    await expect(db.as('pulse_owner')`select ops.erase_audit(0)`).rejects.toThrow('written once')
  })
})

describe('masking', () => {
  test.for([
    'password',
    'newPassword',
    'passwordHash',
    'client_secret',
    'Client-Secret',
    'token',
    'accessToken',
    'tokens',
    'authorization',
    'privateKey',
    'api_key',
    'APIKey',
    'recoveryCodes',
    'set-cookie',
    'totpSecret',
  ])('hides the value of a field named %s, at any depth', (name) => {
    expect(maskedJson({ list: [{ [name]: 'opensesame' }] })).toBe(
      JSON.stringify({ list: [{ [name]: '•••' }] }),
    )
  })

  test.for([
    'tokenId',
    'tokenIds',
    'key',
    'keys',
    'hashing',
    'tokenCount',
    'secretary',
    'spinning',
  ])('leaves the value of a field named %s', (name) => {
    expect(maskedJson({ [name]: 'ups-0041' })).toBe(JSON.stringify({ [name]: 'ups-0041' }))
  })

  test('leaves what is no secret: none, yes and no', () => {
    const none = { password: null, secret: '', token: true }
    expect(JSON.parse(maskedJson(none))).toEqual(none)
  })

  test('hides what is not a string, too', () => {
    expect(maskedJson({ pin: 1234, secret: { value: 'a' }, tokens: ['a'] })).toBe(
      '{"pin":"•••","secret":"•••","tokens":"•••"}',
    )
  })

  test.for([
    ['pulse_d_0a1b2c3d_4rFz-Yw_q', 'pulse_d_•••'],
    ['use pulse_k_ab_XyZ= now', 'use pulse_k_••• now'],
    ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', 'whsec_•••'],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln', 'eyJ•••'],
    ['Authorization: Bearer 0123456789abcdef0', 'Authorization: Bearer •••'],
    ['amqp://guest:guest@broker/', 'amqp://guest:•••@broker/'],
    ['https://h.example/x?a=1&token=abc&b=2', 'https://h.example/x?a=1&token=•••&b=2'],
    [
      '-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----',
      '-----BEGIN EC PRIVATE KEY-----•••',
    ],
  ])('hides what is shaped like a secret wherever it stands: %s', ([text = '', masked = '']) => {
    expect(maskText(text)).toBe(masked)
    expect(maskedJson({ note: text })).toBe(JSON.stringify({ note: masked }))
    expect(maskText(masked), 'twice').toBe(masked)
  })

  test.for([
    'Basic wiring of rack 2',
    'https://h.example/x?key-of=1',
    'pulse_id',
    'bearer of news',
  ])('leaves a text that is none: %s', (text) => expect(maskText(text)).toBe(text))
})
