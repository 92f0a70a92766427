import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './sql.ts'

/** Where the migrations lie; their order is the order of their names. */
export const migrationsFolder = join(import.meta.dirname, '../../migrations')

interface Migration {
  readonly name: string
  readonly text: string
  readonly checksum: string
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_.+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8')
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

/**
 * Brings the database up to date, as `pulse_owner`. Each file runs once, in one transaction;
 * several processes may start at once (an advisory lock lets one of them work).
 *
 * @throws when a file that ran was edited since, or when the database is newer than this program.
 */
export async function migrate(db: Database, folder: string = migrationsFolder): Promise<string[]> {
  const migrations = await readMigrations(folder)
  return db.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtext('pulse.migrations'))`
    await sql.unsafe(`
      create schema if not exists platform;
      create table if not exists platform.migration (
        name text primary key, checksum text not null, ran_at timestamptz not null default now())`)
    const ran = new Map(
      (
        await sql<
          { name: string; checksum: string }[]
        >`select name, checksum from platform.migration`
      ).map((row) => [row.name, row.checksum] as const),
    )
    const fresh: string[] = []
    for (const migration of migrations) {
      const known = ran.get(migration.name)
      ran.delete(migration.name)
      if (known === migration.checksum) continue
      if (known)
        throw new Error(`migration ${migration.name} was edited after it ran: add a new one`)
      await sql.unsafe(migration.text)
      await sql`insert into platform.migration (name, checksum) values (${migration.name}, ${migration.checksum})`
      fresh.push(migration.name)
    }
    const unknown = [...ran.keys()]
    if (unknown.length > 0) {
      throw new Error(`the database is newer than this Pulse: it ran ${unknown.join(', ')}`)
    }
    return fresh
  })
}
