import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Entering, OperatorTenant, TenantExport } from '@pulse/contract'
import type { MqttClient } from 'mqtt'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { signInByForm, tablesWithTenant, unzip } from '../testing/index.ts'
import { envelope, eventually, type Harness, startPulse } from './harness.ts'

const DAY = 24 * 3_600_000
const actor = { kind: 'system', id: 'test' } as const
const password = 'correct horse battery staple'
const reason = 'They asked us to look.'

let pulse: Harness
let people = 0

beforeAll(async () => {
  pulse = await startPulse()
})
afterAll(() => pulse.close())

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

async function ask(
  bearer: string,
  method: string,
  path: string,
  options: { body?: object; tenant?: string } = {},
): Promise<Answer> {
  const answer = await fetch(`${pulse.http}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(options.body ? { 'content-type': 'application/json' } : {}),
      ...(options.tenant ? { 'pulse-tenant': options.tenant } : {}),
    },
    ...(options.body ? { body: JSON.stringify(options.body) } : {}),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) }
}

interface Somebody {
  readonly id: string
  readonly username: string
  readonly bearer: string
}

/** Makes a person and signs them in: an operator of no tenant, or a member of one. */
async function somebody(facts: {
  tenant?: number
  role?: 'viewer' | 'admin'
  operator?: boolean
}): Promise<Somebody> {
  const username = `person-${people++}`
  const { tenant, role = 'admin', operator = false } = facts
  const { id } = await pulse.app.registry.people.createPerson(
    tenant,
    { username, name: `Name of ${username}`, password, role, operator },
    actor,
  )
  return { id, username, bearer: await signIn(username) }
}

const signIn = async (username: string): Promise<string> =>
  (await signInByForm({ origin: pulse.http, username, password })).accessToken

let tenants = 0
/** A tenant of its own with a device, and its token. */
async function newTenant(): Promise<{ id: number; key: string; token: string }> {
  const key = `tenant-${tenants++}`
  const { registry } = pulse.app
  const { id } = await registry.tenants.createTenant({ key, name: `The ${key}` }, actor)
  const act = { tenant: id, actor }
  await registry.devices.registerType(act, {
    key: 'probe',
    name: 'Probe',
    staleAfterS: 60,
    offlineAfterS: 120,
    metrics: [],
  })
  await registry.devices.registerDevices(act, [{ key: 'p1', type: 'probe' }])
  const { token } = await registry.devices.createToken(act, 'p1')
  return { id, key, token }
}

const connect = (key: string, token: string): Promise<MqttClient> =>
  pulse.client('p1', token, { username: `${key}/p1`, reconnectPeriod: 0 })

const auditOf = async (tenant: number): Promise<Record<string, unknown>[]> =>
  pulse.db.superuser()`
    select actor_kind, actor, action, subject, after from platform.audit
     where tenant = ${tenant} order by id`

let operator: Somebody
beforeEach(async () => {
  operator ??= await somebody({ operator: true })
})

describe('an operator', () => {
  test('makes a tenant and gets the invitation of its first admin', async () => {
    const { status, body } = await ask(operator.bearer, 'POST', '/operator/tenants', {
      body: { key: 'contoso', name: 'Contoso', adminEmail: 'ada@contoso.example' },
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      key: 'contoso',
      invitation: { email: 'ada@contoso.example', role: 'admin', state: 'open' },
    })
    expect((body['invitation'] as { token: string }).token.length).toBeGreaterThan(30)
    const again = await ask(operator.bearer, 'POST', '/operator/tenants', {
      body: { key: 'contoso', name: 'Other', adminEmail: 'eve@contoso.example' },
    })
    expect([again.status, again.body['code']]).toEqual([409, 'registry.tenant-exists'])
    const id = await pulse.app.registry.tenants.idOf('contoso')
    for (const log of [await auditOf(id ?? -1), await auditOf(0)]) {
      expect(log).toContainEqual(
        expect.objectContaining({
          actor_kind: 'operator',
          actor: operator.id,
          action: 'registry.tenant-created',
          subject: 'tenant:contoso',
        }),
      )
    }
  })

  test('sees every tenant with size and rate, and the look is in the log once', async () => {
    const { key, token } = await newTenant()
    for (const id of ['a', 'b', 'c']) {
      const answer = await pulse.ingest(token, envelope({ id }))
      expect(answer.status).toBe(200)
    }
    const fresh = await somebody({ operator: true })
    const { body } = await ask(fresh.bearer, 'GET', '/operator/tenants')
    const seen = (body['items'] as OperatorTenant[]).find((each) => each.key === key)
    expect(seen).toMatchObject({
      key,
      state: 'active',
      devices: 1,
      people: 0,
      storedMessages: 3,
      cell: 'cell-1',
      region: 'us-west-2',
    })
    expect(seen?.messagesByHour).toHaveLength(24)
    await ask(fresh.bearer, 'GET', '/operator/tenants')
    const looks = (await auditOf(0)).filter((row) => row['action'] === 'ops.tenants-seen')
    expect(looks.filter((row) => row['actor'] === fresh.id)).toHaveLength(1)
  })

  test('renames a tenant; its own admin may, too, and change nothing else', async () => {
    const { id, key } = await newTenant()
    const renamed = await ask(operator.bearer, 'PATCH', `/operator/tenants/${key}`, {
      body: { name: 'New name', retentionDays: 7 },
    })
    expect(renamed.body).toMatchObject({ name: 'New name', retentionDays: 7 })
    const admin = await somebody({ tenant: id })
    const own = await ask(admin.bearer, 'PATCH', '/tenant', { body: { name: 'Own name' } })
    expect(own.body).toMatchObject({ key, name: 'Own name', retentionDays: 7, state: 'active' })
    const more = await ask(admin.bearer, 'PATCH', '/tenant', {
      body: { name: 'x', retentionDays: 3650 },
    })
    expect(more.status).toBe(400)
  })

  test('is made and unmade by another, and the last one stays', async () => {
    const { username } = await somebody({ tenant: pulse.tenant })
    const grant = (name: string, wanted: boolean) =>
      ask(operator.bearer, 'PATCH', '/operator/operators', {
        body: { username: name, operator: wanted, reason },
      })
    expect((await grant(username, true)).status).toBe(204)
    const listed = (await ask(operator.bearer, 'GET', '/operator/operators')).body['items'] as {
      username: string
      self: boolean
    }[]
    expect(listed).toContainEqual(expect.objectContaining({ username, self: false }))
    for (const other of listed.filter(({ self }) => !self)) {
      expect((await grant(other.username, false)).status).toBe(204)
    }
    const last = await grant(operator.username, false)
    expect([last.status, last.body['code']]).toEqual([409, 'registry.last-operator'])
    expect((await grant('nobody-at-all', true)).body['code']).toBe('registry.unknown-person')
  })

  test('reads the log of the platform; nobody else does', async () => {
    const read = await ask(operator.bearer, 'GET', '/operator/audit')
    expect(read.status).toBe(200)
    const admin = await somebody({ tenant: pulse.tenant })
    const refused = await ask(admin.bearer, 'GET', '/operator/audit')
    expect([refused.status, refused.body['code']]).toEqual([403, 'registry.operators-only'])
  })
})

describe('entering', () => {
  const enter = (key: string, body: object = { reason }) =>
    ask(operator.bearer, 'POST', `/operator/tenants/${key}/enter`, { body })
  const look = (key: string) => ask(operator.bearer, 'GET', '/devices', { tenant: key })

  test('without it a tenant is unknown to an operator', async () => {
    const { key } = await newTenant()
    const refused = await look(key)
    expect([refused.status, refused.body['code']]).toEqual([404, 'registry.unknown-tenant'])
    const log = await ask(operator.bearer, 'GET', `/operator/tenants/${key}/audit`)
    expect(log.body['code']).toBe('registry.unknown-tenant')
  })

  test.for([
    ['no reason', {}],
    ['a reason of blanks', { reason: '            ' }],
    ['a reason of a word', { reason: 'because' }],
    ['more than four hours', { reason, minutes: 241 }],
    ['a role that is none', { reason, role: 'owner' }],
    ['a field of ours', { reason, person: 'pe_somebody' }],
  ] as const)('with %s is refused, and lets nobody in', async ([, body]) => {
    const { key } = await newTenant()
    expect((await enter(key, body)).status).toBe(400)
    expect((await look(key)).status).toBe(404)
  })

  test('lets an operator look, not write; what they did is in the log as theirs', async () => {
    const { id, key } = await newTenant()
    const entered = await enter(key)
    expect(entered.status).toBe(201)
    expect(entered.body).toMatchObject({ tenant: key, role: 'viewer', endedAt: null })
    expect((await look(key)).status).toBe(200)
    const session = await ask(operator.bearer, 'GET', '/session')
    expect(session.body['tenants']).toContainEqual(
      expect.objectContaining({ key, entering: expect.objectContaining({ reason }) }),
    )
    const device = { key: 'p2', type: 'probe' }
    const written = await ask(operator.bearer, 'POST', '/devices', { tenant: key, body: device })
    expect(written.body['code']).toBe('registry.forbidden')

    // As an engineer they may, and the tenant sees who it was.
    await enter(key, { reason, role: 'engineer' })
    const made = await ask(operator.bearer, 'POST', '/devices', { tenant: key, body: device })
    expect(made.status).toBe(201)
    const log = await auditOf(id)
    expect(log).toContainEqual(
      expect.objectContaining({ actor_kind: 'operator', actor: operator.id, subject: 'device:p2' }),
    )
    const own = await ask(operator.bearer, 'GET', `/operator/tenants/${key}/audit`)
    expect(own.status).toBe(200)

    // Nothing that would outlast the stay, not even as an admin.
    await enter(key, { reason, role: 'admin' })
    const lasting = [
      ['POST', '/api-keys'],
      ['POST', '/invitations'],
      ['PUT', '/roles/mine'],
    ] as const
    for (const [method, path] of lasting) {
      const refused = await ask(operator.bearer, method, path, { tenant: key, body: {} })
      expect([path, refused.body['code']]).toEqual([path, 'registry.forbidden'])
    }

    const admin = await somebody({ tenant: id })
    const { body } = await ask(admin.bearer, 'GET', '/enterings')
    const [third, second, first] = body['items'] as Entering[]
    expect(first).toMatchObject({ person: operator.id, reason, role: 'viewer' })
    expect(first?.endedAt).not.toBeNull()
    expect(second?.endedAt).not.toBeNull()
    expect(third).toMatchObject({ role: 'admin', endedAt: null })
    expect(log).toContainEqual(
      expect.objectContaining({ action: 'registry.tenant-entered', after: expect.anything() }),
    )
  })

  test('ends by its time, without anybody doing anything', async () => {
    const { key } = await newTenant()
    await enter(key, { reason, minutes: 5 })
    expect((await look(key)).status).toBe(200)
    await pulse.db.superuser()`
      update registry.entering
         set began_at = began_at - interval '5 minutes', until = until - interval '5 minutes'`
    // What is remembered of who asks is two seconds old at most.
    await eventually(async () => (await look(key)).status === 404)
    expect((await look(key)).body['code']).toBe('registry.unknown-tenant')
    const { body } = await ask(operator.bearer, 'GET', '/operator/enterings')
    const stay = (body['items'] as Entering[]).find(({ tenant }) => tenant === key)
    expect(stay).toMatchObject({ endedAt: null, reason })
    const left = await ask(operator.bearer, 'DELETE', `/operator/enterings/${stay?.id}`)
    expect(left.body['code']).toBe('registry.unknown-entering')
  })

  test('ends at once by leaving, and when the operator is none any more', async () => {
    const { key } = await newTenant()
    const { body } = await enter(key)
    expect((await look(key)).status).toBe(200)
    const left = await ask(operator.bearer, 'DELETE', `/operator/enterings/${String(body['id'])}`)
    expect(left.status).toBe(204)
    expect((await look(key)).status).toBe(404)

    const other = await somebody({ operator: true })
    await ask(other.bearer, 'POST', `/operator/tenants/${key}/enter`, { body: { reason } })
    expect((await ask(other.bearer, 'GET', '/devices', { tenant: key })).status).toBe(200)
    await ask(operator.bearer, 'PATCH', '/operator/operators', {
      body: { username: other.username, operator: false, reason },
    })
    expect((await ask(other.bearer, 'GET', '/devices', { tenant: key })).status).toBe(404)
  })
})

describe('a suspended tenant', () => {
  const suspend = (key: string) =>
    ask(operator.bearer, 'POST', `/operator/tenants/${key}/suspend`, { body: { reason } })
  const resume = (key: string) =>
    ask(operator.bearer, 'POST', `/operator/tenants/${key}/resume`, { body: { reason } })

  test('has its devices sent away and told why, on each way in, and let in again at once', async () => {
    const { key, token } = await newTenant()
    const device = await connect(key, token)
    const told = new Promise<{ reasonCode?: number; properties?: { reasonString?: string } }>(
      (resolve) => device.once('disconnect', resolve as never),
    )
    expect((await suspend(key)).body).toMatchObject({ state: 'suspended', suspendedFor: reason })
    const { reasonCode, properties } = await told
    expect(reasonCode).toBe(0x87)
    expect(properties?.reasonString).toContain('connect.suspended')

    const refused = await connect(key, token).then(
      () => undefined,
      (error: { code?: number; message: string }) => error,
    )
    expect(refused?.code).toBe(0x87)
    const http = await pulse.ingest(token, envelope({ id: 'x' }))
    expect([http.status, ((await http.json()) as { code: string }).code]).toEqual([
      403,
      'connect.suspended',
    ])

    await resume(key)
    const again = await connect(key, token)
    expect(again.connected).toBe(true)
    expect((await pulse.ingest(token, envelope({ id: 'y' }))).status).toBe(200)
    expect((await resume(key)).body['code']).toBe('registry.not-suspended')
  })

  test('is read and exported by its people, and not changed', async () => {
    const { id, key } = await newTenant()
    const admin = await somebody({ tenant: id })
    await suspend(key)
    expect((await ask(admin.bearer, 'GET', '/devices')).status).toBe(200)
    expect((await ask(admin.bearer, 'GET', '/tenant')).body).toMatchObject({
      state: 'suspended',
      suspendedFor: reason,
    })
    expect((await ask(admin.bearer, 'POST', '/tenant/exports')).status).toBe(202)
    const device = { key: 'p9', type: 'probe' }
    for (const [method, path, body] of [
      ['POST', '/devices', device],
      ['POST', '/devices/p1/tokens', {}],
      ['PATCH', '/tenant', { name: 'x' }],
    ] as const) {
      const refused = await ask(admin.bearer, method, path, { body })
      expect([refused.status, refused.body['code']], path).toEqual([403, 'registry.suspended'])
    }
    await resume(key)
    expect((await ask(admin.bearer, 'POST', '/devices', { body: device })).status).toBe(201)
  })

  test('has its deliveries wait, and sent when it is resumed', async () => {
    const received: string[] = []
    const receiver = createServer((request, response) => {
      received.push(String(request.headers['webhook-id']))
      response.end()
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const { port } = receiver.address() as AddressInfo
    const secret = `whsec_${Buffer.from('another secret of 24 bytes').toString('base64')}`
    const [held, free] = [await newTenant(), await newTenant()]
    const queue = async ({ id }: { id: number }, delivery: string) => {
      await pulse.app.actions.putDestination(
        { tenant: id, actor },
        {
          key: 'hook',
          name: 'Hook',
          url: `http://127.0.0.1:${port}/`,
          privateAllowed: true,
          secret,
        },
      )
      const at = new Date(Date.now() - 1000)
      await pulse.db.superuser()`
        insert into actions.delivery (tenant, id, destination, alert, event, device, title, body, state,
                                      attempts_allowed, created_at, next_attempt_at)
        values (${id}, ${delivery}, 'hook', 'al', 'opened', 'p1', 'T', '{}', 'queued', 1, ${at}, ${at})`
    }
    await suspend(held.key)
    await queue(held, 'dl_held')
    await queue(free, 'dl_free')
    // The worker has come by: what was queued later has gone.
    await eventually(async () => received.includes('dl_free'))
    expect(received).toEqual(['dl_free'])
    await resume(held.key)
    await eventually(async () => received.includes('dl_held'))
    receiver.close()
  })

  test('stays so after a restart', async () => {
    const { key, token } = await newTenant()
    await suspend(key)
    pulse = await pulse.restart()
    expect((await pulse.ingest(token, envelope({ id: 'x' }))).status).toBe(403)
    await resume(key)
    expect((await pulse.ingest(token, envelope({ id: 'x' }))).status).toBe(200)
  })
})

describe('an export', () => {
  const ready = (bearer: string, id: string) =>
    eventually(async () => {
      const { body } = await ask(bearer, 'GET', '/tenant/exports')
      const found = (body['items'] as TenantExport[]).find((each) => each.id === id)
      if (found?.state === 'failed') throw new Error(String(found.error))
      return found?.state === 'ready' ? found : undefined
    })
  const fetchArchive = async (bearer: string, id: string): Promise<Buffer> => {
    const answer = await fetch(`${pulse.http}/v1/tenant/exports/${id}/archive`, {
      headers: { authorization: `Bearer ${bearer}` },
    })
    expect(answer.headers.get('content-type')).toBe('application/zip')
    return Buffer.from(await answer.arrayBuffer())
  }
  interface Manifest {
    readonly format: string
    readonly schema: string
    readonly tenant: { readonly key: string }
    readonly files: readonly {
      readonly file: string
      readonly table: string
      readonly left: readonly string[]
      readonly rows: number
      readonly sha256: string
    }[]
    readonly leftOut: readonly string[]
  }
  const manifestOf = (files: Map<string, Buffer>) =>
    JSON.parse(String(files.get('manifest.json'))) as Manifest

  test('holds every table that has a tenant, only its own rows, with counts and digests', async () => {
    const { id, key, token } = await newTenant()
    const admin = await somebody({ tenant: id })
    await pulse.ingest(token, envelope({ id: 'm1' }, { tempC: 30.5 }))
    const begun = await ask(admin.bearer, 'POST', '/tenant/exports')
    const { id: exported, sha256, bytes } = await ready(admin.bearer, String(begun.body['id']))
    const archive = await fetchArchive(admin.bearer, exported)
    expect(archive.length).toBe(bytes)
    expect(createHash('sha256').update(archive).digest('hex')).toBe(sha256)

    const files = await unzip(archive)
    const manifest = manifestOf(files)
    expect(manifest).toMatchObject({ format: 'pulse-tenant-export/1', tenant: { key } })
    const tables = await tablesWithTenant(pulse.db.superuser())
    const told = [...manifest.files.map(({ table }) => table), ...manifest.leftOut]
    expect(told.filter((name) => name !== 'registry.members').sort()).toEqual(
      tables.map(({ name }) => name).sort(),
    )
    for (const { file, rows, sha256: digest } of manifest.files) {
      const text = files.get(file) ?? Buffer.alloc(0)
      expect(createHash('sha256').update(text).digest('hex'), file).toBe(digest)
      const lines = String(text).split('\n').slice(0, -1)
      expect(lines, file).toHaveLength(rows)
      for (const line of lines) {
        const row = JSON.parse(line) as { tenant?: number }
        expect(row.tenant ?? id, file).toBe(id)
      }
    }
    const messages = JSON.parse(String(files.get('stream.message.ndjson')))
    expect(messages).toMatchObject({ id: 'm1', data: { tempC: 30.5 } })
    const log = (await auditOf(id)).map((row) => row['action'])
    expect(log).toContain('ops.export-begun')
    expect(log).toContain('ops.export-fetched')
  })

  test('holds no secret, nor what one is checked against', async () => {
    const { id, token } = await newTenant()
    const admin = await somebody({ tenant: id })
    const secret = `whsec_${Buffer.from('a very secret secret of 24 b').toString('base64')}`
    await pulse.app.actions.putDestination(
      { tenant: id, actor },
      { key: 'hook', name: 'Hook', url: 'https://hooks.example.org/x', secret },
    )
    const key = await ask(admin.bearer, 'POST', '/api-keys', {
      body: {
        name: 'reader',
        permissions: ['device.read'],
        expiresAt: new Date(Date.now() + DAY).toISOString(),
      },
    })
    expect(key.status).toBe(201)
    const begun = await ask(admin.bearer, 'POST', '/tenant/exports')
    const { id: exported } = await ready(admin.bearer, String(begun.body['id']))
    const files = await unzip(await fetchArchive(admin.bearer, exported))
    const all = Buffer.concat([...files.values()]).toString()
    const digestOf = (given: string) =>
      createHash('sha256')
        .update(Buffer.from(given.split('_').at(-1) ?? '', 'base64url'))
        .digest('hex')
    const kept = await pulse.db.superuser()<{ hash: Buffer }[]>`
      select hash from registry.device_token union all select hash from registry.api_key
      union all select token_hash from registry.invitation`
    for (const hash of kept) expect(all).not.toContain(hash.hash.toString('hex'))
    for (const given of [token, String(key.body['key']), secret, password, admin.bearer]) {
      expect(all).not.toContain(given)
      expect(all).not.toContain(given.split('_').at(-1))
      expect(all).not.toContain(digestOf(given))
    }
    const left = new Map(manifestOf(files).files.map(({ table, left }) => [table, left]))
    expect(left.get('registry.device_token')).toEqual(['hash'])
    expect(left.get('registry.api_key')).toEqual(['hash'])
    expect(left.get('actions.destination')).toContain('secret')
  })

  test('is kept beside two others; the oldest goes', async () => {
    const { id } = await newTenant()
    const admin = await somebody({ tenant: id })
    const made: string[] = []
    for (let count = 0; count < 4; count++) {
      const { body } = await ask(admin.bearer, 'POST', '/tenant/exports')
      made.push((await ready(admin.bearer, String(body['id']))).id)
    }
    await pulse.app.operation.exports.work()
    const { body } = await ask(admin.bearer, 'GET', '/tenant/exports')
    const left = (body['items'] as TenantExport[]).map((each) => each.id)
    expect(left).toEqual(made.slice(1).reverse())
    expect(await readdir(join(pulse.data, 'exports', String(id)))).toHaveLength(3)
  })

  test('that a restart cut off is made anew, one at a time, and its file is nobody else’s', async () => {
    const { id } = await newTenant()
    const admin = await somebody({ tenant: id })
    const [row] = await pulse.db.superuser()<{ id: string }[]>`
      insert into ops.tenant_export (tenant, id, state, requested_by, created_at)
      values (${id}, 'ex_01939d3e-0000-7000-8000-000000000000', 'running', 'x', now()) returning id`
    const twice = await ask(admin.bearer, 'POST', '/tenant/exports')
    expect(twice.body['code']).toBe('ops.export-running')
    const early = await ask(admin.bearer, 'GET', `/tenant/exports/${row?.id}/archive`)
    expect(early.body['code']).toBe('ops.export-not-ready')
    pulse = await pulse.restart()
    await ready(admin.bearer, String(row?.id))
    const path = join(pulse.data, 'exports', String(id), `${row?.id}.zip`)
    expect((await stat(path)).mode & 0o777).toBe(0o600)

    const other = await newTenant()
    const stranger = await somebody({ tenant: other.id })
    const theirs = await ask(stranger.bearer, 'GET', `/tenant/exports/${row?.id}/archive`)
    expect(theirs.body['code']).toBe('ops.unknown-export')
    const viewer = await somebody({ tenant: id, role: 'viewer' })
    const refused = await ask(viewer.bearer, 'GET', `/tenant/exports/${row?.id}/archive`)
    expect(refused.body['code']).toBe('registry.forbidden')

    await pulse.db.superuser()`
      update ops.tenant_export set expires_at = expires_at - interval '1 day'`
    await pulse.app.operation.exports.work()
    const late = await ask(admin.bearer, 'GET', `/tenant/exports/${row?.id}/archive`)
    expect(late.body['code']).toBe('ops.unknown-export')
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })
})

describe('a tenant that leaves', () => {
  const leave = (key: string, more: object = {}) =>
    ask(operator.bearer, 'POST', `/operator/tenants/${key}/removal`, {
      body: { reason, confirm: key, waitDays: 2, ...more },
    })
  const keep = (key: string) => ask(operator.bearer, 'DELETE', `/operator/tenants/${key}/removal`)

  test('needs its key repeated, is suspended while it waits, and can be kept', async () => {
    const { key, token } = await newTenant()
    expect((await leave(key, { confirm: 'acme' })).body['code']).toBe('registry.wrong-confirmation')
    expect((await leave(key)).body).toMatchObject({ state: 'leaving' })
    expect((await pulse.ingest(token, envelope({ id: 'x' }))).status).toBe(403)
    expect((await leave(key)).body['code']).toBe('registry.tenant-leaving')
    expect((await keep(key)).body).toMatchObject({ state: 'active', deleteAfter: null })
    expect((await pulse.ingest(token, envelope({ id: 'x' }))).status).toBe(200)
    expect((await keep(key)).body['code']).toBe('registry.tenant-stays')
  })

  test('is deleted whole when the waiting has passed, with those who belonged nowhere else', async () => {
    const { id, key, token } = await newTenant()
    const alone = await somebody({ tenant: id })
    const both = await somebody({ tenant: id })
    await pulse.app.registry.people.createPerson(
      pulse.tenant,
      { username: both.username, name: 'x', password, role: 'viewer' },
      actor,
    )
    await pulse.ingest(token, envelope({ id: 'm1' }))
    await ask(alone.bearer, 'POST', '/tenant/exports')
    await leave(key)
    await pulse.app.operation.removal.look()
    expect(await pulse.app.registry.tenants.idOf(key)).toBe(id)

    await pulse.db.superuser()`
      update registry.tenant set delete_after = delete_after - interval '2 days' where id = ${id}`
    expect((await keep(key)).body['code']).toBe('registry.tenant-stays')
    await pulse.app.operation.removal.look()

    const root = pulse.db.superuser()
    for (const { name, tenantColumn } of await tablesWithTenant(root)) {
      const [row] = await root.unsafe(
        `select count(*)::int as n from ${name} where ${tenantColumn} = ${id}`,
      )
      expect(row?.['n'], name).toBe(0)
    }
    const left = await root`
      select username from registry.person where username in (${alone.username}, ${both.username})`
    expect(left.map((row) => row['username'])).toEqual([both.username])
    expect((await pulse.ingest(token, envelope({ id: 'x' }))).status).toBe(401)
    const gone = await ask(operator.bearer, 'GET', `/operator/tenants/${key}`)
    expect(gone.body['code']).toBe('registry.unknown-tenant')
    expect(await auditOf(0)).toContainEqual(
      expect.objectContaining({ action: 'registry.tenant-deleted', subject: `tenant:${key}` }),
    )
    // Another may have the name.
    await pulse.app.registry.tenants.createTenant({ key, name: 'Another' }, actor)
    expect((await pulse.ingest(token, envelope({ id: 'x' }))).status).toBe(401)
  })
})

describe('an open stream', () => {
  const open = async (bearer: string, tenant: string) => {
    const answer = await fetch(`${pulse.http}/v1/live`, {
      headers: { authorization: `Bearer ${bearer}`, 'pulse-tenant': tenant },
    })
    expect(answer.status).toBe(200)
    const reader = answer.body?.getReader()
    const ended = (async () => {
      for (;;) if ((await reader?.read())?.done) return true
    })()
    return { ended }
  }

  test('ends within seconds for who left, was deactivated or signed out, and for a revoked key', async () => {
    const { id, key } = await newTenant()
    const { body: stay } = await ask(operator.bearer, 'POST', `/operator/tenants/${key}/enter`, {
      body: { reason },
    })
    const admin = await somebody({ tenant: id })
    const { body: made } = await ask(admin.bearer, 'POST', '/api-keys', {
      body: {
        name: 'tail',
        permissions: ['telemetry.read'],
        expiresAt: new Date(Date.now() + DAY).toISOString(),
      },
    })
    const viewer = await somebody({ tenant: id, role: 'viewer' })
    const [theirs, service, deactivated, own] = await Promise.all([
      open(operator.bearer, key),
      open(String(made['key']), key),
      open(viewer.bearer, key),
      open(admin.bearer, key),
    ])
    await ask(operator.bearer, 'DELETE', `/operator/enterings/${String(stay['id'])}`)
    await ask(admin.bearer, 'DELETE', `/api-keys/${String(made['id'])}`)
    await ask(admin.bearer, 'PATCH', `/members/${viewer.id}`, { body: { active: false } })
    const ends = [theirs.ended, service.ended, deactivated.ended]
    expect(await Promise.all(ends)).toEqual([true, true, true])
    // Whoever may still read goes on.
    const still = await Promise.race([
      own.ended,
      new Promise((resolve) => setTimeout(resolve, 200, 'open')),
    ])
    expect(still).toBe('open')
    await ask(admin.bearer, 'DELETE', '/session')
    expect(await own.ended).toBe(true)
  })
})
