import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '#platform'
import { plantRows, type TestDatabase, testDatabase } from '../testing/index.ts'

const schemas = [
  'platform',
  'registry',
  'connect',
  'state',
  'stream',
  'rules',
  'actions',
  'fleet',
  'ops',
]
const OURS = 1
const THEIRS = 2

/** Tables without a tenant: they hold nothing of one. */
const untenanted = new Set([
  'platform.migration',
  'platform.outage',
  'platform.heartbeat',
  // Wrapped, and read by the owner alone.
  'platform.data_key',
  'state.flush',
  // People belong to several tenants; no role reads these tables, only functions of the owner do.
  'registry.person',
  'registry.account',
  'registry.sign_in',
  'registry.ended_session',
  // Ids of tenants that were deleted, and nothing else of them; only the owner reads it.
  'registry.gone',
  // What the embedded identity provider keeps: of browsers that have not told yet who uses them.
  'registry.oidc_artifact',
  'registry.oidc_key',
  // Keyed by session, which has its tenant; only the pipeline reads it.
  'connect.inbound',
])

/** The functions that see more than their caller, and why that is right. */
const definers: Readonly<Record<string, string>> = {
  'registry.ensure_person': 'a person exists once for all tenants; it says an id and nothing else',
  'registry.account_facts': 'a person signs in before a tenant is known',
  'registry.put_account': 'an account belongs to a person, who may belong to several tenants',
  'registry.offer_totp': 'as put_account',
  'registry.set_totp': 'as put_account',
  'registry.take_totp_step': 'as put_account; it says only whether a code is new',
  'registry.put_oidc_artifact': 'the provider keeps what it hands out before a tenant is known',
  'registry.oidc_artifact': 'found by the hash of a bearer alone',
  'registry.consume_oidc_artifact': 'found by the hash of a bearer alone',
  'registry.delete_oidc_artifact': 'found by the hash of a bearer alone',
  'registry.delete_oidc_grant': 'ends what was handed out for one sign-in',
  'registry.oidc_keys': 'the keys of the provider are the same for all; their secrets are sealed',
  'registry.add_oidc_key': 'as oidc_keys',
  'registry.note_sign_in': 'a sign-in belongs to a person, who may belong to several tenants',
  'registry.sign_in_ended': 'says one thing of a sign-in whose id the caller knows',
  'registry.sign_ins_of': 'as note_sign_in',
  'registry.end_sign_ins': 'as note_sign_in',
  'registry.sweep_identity': 'deletes what has expired, and says nothing',
  'registry.person_facts': 'a verified token is looked up before a tenant is known',
  'registry.end_session': 'ends a sign-in that the caller has proven theirs; it says nothing',
  'registry.admit_person': 'as ensure_person, for people of another issuer',
  'registry.note_identity': 'keeps what an issuer says of its person, before a tenant is known',
  'registry.tenant_ids': 'the tenants that an issuer claims, by key; it says ids and nothing else',
  'registry.claimed_tenants':
    'the tenants of one person that their issuer claimed; ids and no more',
  'registry.count_holders': 'a number about people of the transaction’s own tenant',
  'registry.set_person_active':
    'a person may belong to several tenants; it says an id and how it went',
  'registry.note_seen': 'written behind, of many tenants at once; it says nothing',
  'registry.note_key_use': 'as note_seen',
  'registry.api_key_facts': 'a key is looked up before its tenant is known',
  'registry.open_invitation': 'found by the hash of its token alone, before its tenant is known',
  'registry.members': 'names people of the transaction’s own tenant',
  'registry.enterings_of': 'where one operator stays now, before a tenant is known',
  'registry.entering_place': 'the tenant of a stay whose id the caller knows; ids and no more',
  'registry.operators': 'operators belong to the platform, not to a tenant',
  'registry.set_operator': 'as operators; it says an id and how it went',
  'ops.exports_due': 'a worker makes the exports of all tenants; it says ids and nothing else',
  'ops.operator_tenants': 'only for pulse_operator, and it writes who looked',
  'ops.operator_enterings': 'as operator_tenants',
  'platform.record_for_platform':
    'an act of no tenant is written to the log of the platform; it says nothing',
  'ops.await_seal': 'a trigger: a written audit row waits for its seal; it says nothing',
}

interface Relation {
  readonly name: string
  readonly kind: string
  readonly secured: boolean
  readonly forced: boolean
  readonly owner: string
  readonly tenantColumn: string | null
}

let db: TestDatabase
let relations: readonly Relation[]

beforeAll(async () => {
  db = await testDatabase()
  const root = db.superuser()
  await db.as('pulse_owner')`select stream.ensure_day('2026-11-24')`
  relations = await root<Relation[]>`
    select n.nspname || '.' || c.relname as name, c.relkind as kind, c.relrowsecurity as secured,
           c.relforcerowsecurity as forced, pg_get_userbyid(c.relowner) as owner,
           (select a.attname from pg_attribute a
             where a.attrelid = c.oid and not a.attisdropped
               and (a.attname = 'tenant' or (a.attname = 'id' and c.relname = 'tenant')) limit 1) as "tenantColumn"
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ${root(schemas)} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
     order by 1`
  await plantRows(root, tenanted(), [OURS, THEIRS])
})
afterAll(() => db.drop())

const tables = () => relations.filter(({ kind }) => kind !== 'S')
const tenanted = () =>
  tables().filter(
    (each): each is Relation & { tenantColumn: string } =>
      each.tenantColumn !== null && each.kind !== 'v' && !isLeaf(each.name),
  )
const isLeaf = (name: string) => /^stream\.message_\d{8}$/.test(name)

/** Runs `work` in a transaction with the tenant set, and rolls it back. */
async function within<T>(
  sql: Database,
  tenant: number | undefined,
  work: (sql: Database) => Promise<T>,
): Promise<T> {
  await sql`select 1`
  const connection = await sql.reserve()
  try {
    await connection`begin`
    if (tenant !== undefined)
      await connection`select set_config('pulse.tenant', ${String(tenant)}, true)`
    return await work(connection as unknown as Database)
  } finally {
    await connection`rollback`
    connection.release()
  }
}

const DENIED = ['42501', 'PT001']
const codeOf = (error: unknown) => String((error as { code?: unknown }).code)

describe('every relation', () => {
  test('belongs to the owner, and to no role that Pulse connects as', () => {
    expect(relations.filter(({ owner }) => owner !== 'pulse_owner')).toEqual([])
  })

  test('has a tenant and row-level security, or is known to hold nothing of one', () => {
    const open = tables().filter(
      ({ name, secured, tenantColumn }) => !(secured && tenantColumn) && !untenanted.has(name),
    )
    expect(open.map(({ name }) => name)).toEqual([])
    expect(tenanted().length).toBeGreaterThan(15)
  })

  test('that is known to have no tenant is not read by the application, but for outages', async () => {
    const readable: string[] = []
    for (const name of untenanted) {
      const read = db.as('pulse_app').unsafe(`select * from ${name}`)
      await read.then(
        () => readable.push(name),
        () => {},
      )
    }
    expect(readable).toEqual(['platform.outage'])
  })
})

test('no role that Pulse connects as is above the policies', async () => {
  const roles = await db.superuser()`
    select rolname from pg_roles
     where rolname like 'pulse%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`
  expect(roles).toEqual([])
})

describe('as pulse_app', () => {
  test('with a tenant set, nothing of another is read or counted, on a connection that another used', async () => {
    const app = db.as('pulse_app')
    const seen: string[] = []
    for (const { name, tenantColumn } of tenanted()) {
      await within(app, THEIRS, async (sql) => sql.unsafe(`select count(*) from ${name}`)).catch(
        () => {},
      )
      const theirs = within(app, OURS, (sql) =>
        sql.unsafe(
          `select count(*)::int as n, count(*) filter (where ${tenantColumn} <> ${OURS})::int as theirs from ${name}`,
        ),
      )
      const [row] = await theirs.catch((error: unknown) => {
        if (DENIED.includes(codeOf(error))) return [{ n: 0, theirs: 0 }]
        throw error
      })
      if (row?.['theirs'] !== 0 || row?.['n'] > 1) seen.push(name)
    }
    expect(seen).toEqual([])
  })

  test('with no tenant set, nothing is read', async () => {
    for (const { name } of tenanted()) {
      const read = within(db.as('pulse_app'), undefined, async (sql) =>
        sql.unsafe(`select * from ${name}`),
      )
      await expect(
        read.catch((error: unknown) => Promise.reject(codeOf(error))),
        name,
      ).rejects.toMatch(/^(42501|PT001)$/)
    }
  })

  test('nothing of another is changed, deleted or written', async () => {
    for (const { name, tenantColumn } of tenanted()) {
      const touch = (statement: string) =>
        within(db.as('pulse_app'), OURS, async (sql) => (await sql.unsafe(statement)).count).catch(
          (error: unknown) => {
            // Denied by grant, by policy, or as a row that no policy lets in.
            if (DENIED.includes(codeOf(error))) return 0
            throw error
          },
        )
      const where = `where ${tenantColumn} = ${THEIRS}`
      expect(
        await touch(`update ${name} set ${tenantColumn} = ${tenantColumn} ${where}`),
        name,
      ).toBe(0)
      expect(await touch(`delete from ${name} ${where}`), name).toBe(0)
      const forged = await within(db.as('pulse_app'), OURS, (sql) =>
        sql.unsafe(`insert into ${name} (${tenantColumn}) values (${THEIRS})`),
      ).then(() => 'written', codeOf)
      // Without the other columns a not-null check may come first; then no row was written either.
      expect(['42501', '23502', '428C9'], `${name}: ${forged}`).toContain(forged)
    }
  })

  test('leaf partitions are out of reach', async () => {
    const leaves = relations.filter(({ name }) => isLeaf(name))
    expect(leaves.length).toBeGreaterThan(0)
    for (const { name, secured } of leaves) {
      expect(secured).toBe(true)
      for (const role of ['pulse_app', 'pulse_pipeline', 'pulse_operator'] as const) {
        const read = within(db.as(role), OURS, async (sql) => sql.unsafe(`select * from ${name}`))
        await expect(read).rejects.toMatchObject({ code: '42501' })
      }
    }
  })

  test('sequences tell nothing', async () => {
    for (const { name } of relations.filter(({ kind }) => kind === 'S')) {
      const read = db.as('pulse_app').unsafe(`select last_value from ${name}`)
      await expect(
        read.catch((error: unknown) => Promise.reject(codeOf(error))),
        name,
      ).rejects.toBe('42501')
    }
  })
})

test('pulse_operator reads no table', async () => {
  for (const { name } of tenanted()) {
    const read = within(db.as('pulse_operator'), OURS, async (sql) =>
      sql.unsafe(`select * from ${name}`),
    )
    await expect(read, name).rejects.toMatchObject({ code: '42501' })
  }
})

test('functions that see more than their caller are known, and have a fixed search path', async () => {
  const found = await db.superuser()<{ name: string; fixed: boolean }[]>`
    select n.nspname || '.' || p.proname as name,
           coalesce(array_to_string(p.proconfig, ',') like '%search_path=%', false) as fixed
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any(${schemas}) and p.prosecdef
     order by 1`
  expect(found.filter(({ fixed }) => !fixed)).toEqual([])
  expect(found.map(({ name }) => name).filter((name) => !(name in definers))).toEqual([])
})

test('the names of people are told of the own tenant only, and of none without one', async () => {
  const root = db.superuser()
  await root`
    insert into registry.person (id, subject, username, name)
    values ('pe_1', 'pe_1', 'ours', 'Ours'), ('pe_2', 'pe_2', 'theirs', 'Theirs')`
  await root`set session_replication_role = replica`
  await root`
    insert into registry.membership (person, tenant, role)
    values ('pe_1', ${OURS}, 'viewer'), ('pe_2', ${THEIRS}, 'viewer')`
  await root`set session_replication_role = origin`
  const members = (tenant: number | undefined) =>
    within(db.as('pulse_app'), tenant, async (sql) => sql`select username from registry.members()`)
  expect(await members(OURS)).toEqual([{ username: 'ours' }])
  await expect(members(undefined)).rejects.toMatchObject({ code: 'PT001' })
})

test('no function of ours may be called by everybody', async () => {
  const open = await db.superuser()`
    select n.nspname || '.' || p.proname as name
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any(${schemas})
       and exists (select 1 from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                    where a.grantee = 0 and a.privilege_type = 'EXECUTE')`
  expect(open).toEqual([])
})
