import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionFacts, connect, type Database } from '@pulse/server'
import postgres from 'postgres'

/** A connection as the owner of the tables, whom row-level security does not bind. */
export const asOwner = (facts: ConnectionFacts): Database =>
  connect(facts, 'pulse_owner', { max: 1, name: 'bench' })

/** Makes a checkpoint now: only the superuser may. */
export async function checkpoint(folder: string, facts: ConnectionFacts): Promise<void> {
  const { host, port, database } = facts
  const password = readFileSync(join(folder, 'postgres', 'postgres.password'), 'utf8').trim()
  const sql = postgres({ host, port, database, username: 'postgres', password, max: 1 })
  try {
    await sql`checkpoint`
  } finally {
    await sql.end()
  }
}

/** Checkpoints that were completed since the statistics began. */
export async function checkpointsDone(owner: Database): Promise<number> {
  const [row] = await owner<{ done: number }[]>`
    select num_done::bigint as done from pg_stat_checkpointer`
  return row?.done ?? 0
}
