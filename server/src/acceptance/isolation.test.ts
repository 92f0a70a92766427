import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '#platform'
import { type TestDatabase, testDatabase } from '../testing/index.ts'

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
  'registry.session',
  'registry.account',
  'registry.sign_in',
  // What the embedded identity provider keeps: of browsers that have not told yet who uses them.
  'registry.oidc_artifact',
  'registry.oidc_key',
  // Keyed by session, which has its tenant; only the pipeline reads it.
  'connect.inbound',
])

/** The functions that see more than their caller, and why that is right. */
const definers: Readonly<Record<string, string>> = {
  'registry.sign_in_facts': 'a person signs in before a tenant is known',
  'registry.session_facts': 'a bearer is looked up before a tenant is known',
  'registry.open_session': 'a session belongs to a person, who may belong to several tenants',
  'registry.extend_session': 'found by the hash of its bearer alone',
  'registry.end_session': 'found by the hash of its bearer alone',
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
  'registry.members': 'names people of the transaction’s own tenant',
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
  await dropChecks()
  for (const relation of tenanted()) await plant(relation)
})
afterAll(() => db.drop())

const tables = () => relations.filter(({ kind }) => kind !== 'S')
const tenanted = () =>
  tables().filter((each) => each.tenantColumn !== null && each.kind !== 'v' && !isLeaf(each.name))
const isLeaf = (name: string) => /^stream\.message_\d{8}$/.test(name)

/** Made-up rows need not make sense: this database is a clone of its own. */
async function dropChecks(): Promise<void> {
  const checks = await db.superuser()<{ table: string; name: string }[]>`
    select c.conrelid::regclass::text as table, c.conname as name
      from pg_constraint c join pg_namespace n on n.oid = c.connamespace
     where n.nspname = any(${schemas}) and c.contype = 'c' and c.conislocal and c.coninhcount = 0
       and not exists (select 1 from pg_inherits i where i.inhrelid = c.conrelid)`
  for (const { table, name } of checks)
    await db.superuser().unsafe(`alter table ${table} drop constraint "${name}"`)
}

/** Puts a row of each tenant into a table, made up from its columns; constraints between tables are off. */
async function plant({ name, tenantColumn }: Relation): Promise<void> {
  const root = db.superuser()
  const columns = await root<{ name: string; type: string; generated: boolean }[]>`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
           (a.attidentity <> '' or a.attgenerated <> '') as generated
      from pg_attribute a
     where a.attrelid = ${name}::regclass and a.attnum > 0 and not a.attisdropped`
  await root`set session_replication_role = replica`
  for (const tenant of [OURS, THEIRS]) {
    const given = columns.filter((column) => !column.generated || column.name === tenantColumn)
    const values = given.map((column) => valueOf(column, tenantColumn, tenant))
    await root.unsafe(
      `insert into ${name} (${given.map((column) => `"${column.name}"`).join(', ')})
       overriding system value values (${values.join(', ')})`,
    )
  }
  await root`set session_replication_role = origin`
}

function valueOf(
  column: { name: string; type: string },
  tenantColumn: string | null,
  tenant: number,
): string {
  if (column.name === tenantColumn) return String(tenant)
  if (column.type.endsWith('[]')) return "'{}'"
  const base = column.type.replace(/\(.*\)/, '')
  const made: Readonly<Record<string, string>> = {
    bigint: String(tenant * 1000),
    integer: String(tenant),
    smallint: String(tenant),
    'double precision': '1',
    real: '1',
    numeric: '1',
    boolean: 'false',
    text: `'x${tenant}'`,
    bytea: `'\\x0${tenant}'`,
    json: "'{}'",
    jsonb: "'{}'",
    '"char"': "'t'",
    date: "'2026-11-24'",
    'timestamp with time zone': "'2026-11-24 12:00Z'",
  }
  const value = made[base]
  if (value === undefined)
    throw new Error(`no value is known for the type ${column.type} of ${column.name}`)
  return value
}

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
