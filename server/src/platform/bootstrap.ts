import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import type { DatabaseRole } from './sql.ts'

export interface SuperuserFacts {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
}

export type RolePasswords = Readonly<Record<DatabaseRole, string>>

const roles: readonly DatabaseRole[] = [
  'pulse_owner',
  'pulse_app',
  'pulse_pipeline',
  'pulse_operator',
  'pulse_sealer',
]

const passwordFile = (folder: string): string => join(folder, 'roles.json')

/** The passwords that are there already; none before the first start. */
export async function keptPasswords(folder: string): Promise<Partial<RolePasswords>> {
  const text = await readFile(passwordFile(folder), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}'
      throw error
    },
  )
  return JSON.parse(text) as Partial<RolePasswords>
}

/** Reads the passwords of the database roles from `folder`, making them once (file mode 0600). */
export async function rolePasswords(folder: string): Promise<RolePasswords> {
  const file = passwordFile(folder)
  const kept = await keptPasswords(folder)
  // A role that came with a newer Pulse has none yet.
  if (roles.every((role) => kept[role] !== undefined)) return kept as RolePasswords
  const all = Object.fromEntries(
    roles.map((role) => [role, kept[role] ?? randomBytes(24).toString('base64url')]),
  ) as unknown as RolePasswords
  await mkdir(folder, { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(all), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return all
}

/**
 * Creates the database roles and the database `name` when they are missing, as the superuser of
 * an embedded PostgreSQL. `template` clones a migrated database (tests).
 */
export async function bootstrapDatabase(
  superuser: SuperuserFacts,
  passwords: RolePasswords,
  name: string,
): Promise<void> {
  const sql = postgres({ ...superuser, database: 'postgres', max: 1, onnotice: () => {} })
  try {
    for (const role of roles) {
      const [known] = await sql`select 1 from pg_roles where rolname = ${role}`
      const verb = known ? 'alter' : 'create'
      await sql.unsafe(
        `${verb} role ${role} login nosuperuser nocreatedb nocreaterole nobypassrls noinherit
         password '${passwords[role].replaceAll("'", "''")}'`,
      )
    }
    const [database] = await sql`select 1 from pg_database where datname = ${name}`
    if (!database) {
      await sql.unsafe(`create database "${name}" owner pulse_owner`)
      await sql.unsafe(`revoke all on database "${name}" from public`)
    }
    await sql.unsafe(`grant connect on database "${name}" to ${roles.slice(1).join(', ')}`)
  } finally {
    await sql.end()
  }
}
