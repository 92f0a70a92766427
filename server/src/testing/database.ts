import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'
import {
  type ConnectionFacts,
  connect,
  type Database,
  type RolePasswords,
  systemClock,
} from '#platform'
import { written } from './ledger.ts'

type Role = keyof RolePasswords

/** What the global set-up hands to the tests. */
export interface TemplateFacts {
  readonly superuser: { host: string; port: number; username: string; password: string }
  readonly passwords: RolePasswords
}

/** A migrated database of its own for one test or file. */
export interface TestDatabase {
  /** A pool as `role`; closed by `drop`. Each call with the same role gives the same pool. */
  as(role: Role): Database
  /** A pool as the superuser, whom no policy binds: for planting what no role may write. */
  superuser(): postgres.Sql
  /** What a pool of `role` is opened with. */
  facts(role: Role): ConnectionFacts
  /** Empties the audit log, which nobody else can. */
  forgetAudit(): Promise<void>
  drop(): Promise<void>
}

/** Clones the migrated template; about 100 ms. */
export async function testDatabase(): Promise<TestDatabase> {
  const { superuser, passwords } = inject('template')
  const name = `test_${randomBytes(6).toString('hex')}`
  const admin = postgres({ ...superuser, database: 'postgres', max: 1, onnotice: () => {} })
  await cloneTemplate(admin, name)
  const pools = new Map<Role, Database>()
  let unbound: postgres.Sql | undefined
  const facts = (role: Role) => ({
    host: superuser.host,
    port: superuser.port,
    database: name,
    password: passwords[role],
  })
  const root = () => {
    unbound ??= postgres({ ...superuser, database: name, max: 1, onnotice: () => {} })
    return unbound
  }
  return {
    facts,
    superuser: root,
    async forgetAudit() {
      await root().begin(async (sql) => {
        await sql`set local session_replication_role = replica`
        await sql`truncate platform.audit, ops.seal, ops.unsealed`
      })
    },
    as(role) {
      const pool = pools.get(role) ?? connect(facts(role), role, { max: 4, name: 'test' })
      pools.set(role, pool)
      return pool
    },
    async drop() {
      await Promise.all([...pools.values()].map((pool) => pool.end({ timeout: 1 })))
      await unbound?.end({ timeout: 1 })
      await keepRows({ ...superuser, database: name })
      await admin.unsafe(`drop database if exists "${name}" with (force)`)
      await admin.end()
    },
  }
}

/** Of a table; what a flood of a test leaves behind is alike. */
const KEPT_ROWS = 5000

/** Without the token of the provider's sign-out form, which is worth nothing without its session. */
const textOf: Readonly<Record<string, string>> = {
  'registry.oidc_artifact': "(r.payload - 'state')::text",
}

/** Gives the ledger what the database holds, but for telemetry. */
async function keepRows(facts: TemplateFacts['superuser'] & { database: string }): Promise<void> {
  const sql = postgres({ ...facts, max: 1, onnotice: () => {} })
  const tables = await sql<{ name: string }[]>`
    select c.oid::regclass::text as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'stream')`
  const selects = tables.map(
    ({ name }) =>
      `(select '${name} ' || ${textOf[name] ?? 'r::text'} as row from ${name} r limit ${KEPT_ROWS})`,
  )
  const rows = await sql.unsafe<{ row: string }[]>(selects.join(' union all '))
  if (rows.length > 0) written('table', rows.map(({ row }) => row).join('\n'))
  await sql.end()
}

/** `create database … template` is refused while another clone runs: it is tried again. */
async function cloneTemplate(admin: postgres.Sql, name: string): Promise<void> {
  const deadline = systemClock.now() + 20_000
  for (;;) {
    try {
      await admin.unsafe(
        `create database "${name}" template template owner pulse_owner strategy file_copy`,
      )
      await admin.unsafe(
        `grant connect on database "${name}" to pulse_app, pulse_pipeline, pulse_operator, pulse_sealer`,
      )
      return
    } catch (error) {
      const busy = (error as { code?: string }).code === '55006'
      if (!busy || systemClock.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }
}
