import type postgres from 'postgres'
import { recordForPlatform } from './audit.ts'
import type { MasterKey, MasterKeySource, MasterKeys } from './master-key.ts'
import type { Database } from './sql.ts'

export interface DataKeyRow {
  readonly id: number
  readonly wrapped: string
  readonly wrappedBy: string
}

type Tx = postgres.TransactionSql<{ bigint: number }>

/** Oldest first: the last one seals. */
export const listDataKeys = (sql: Tx): Promise<readonly DataKeyRow[]> =>
  sql<DataKeyRow[]>`
    select id, wrapped, wrapped_by as "wrappedBy" from platform.data_key order by id`.execute()

const actor = { kind: 'system', id: 'vault' } as const

/** Whoever changes keys, of files or rows, does so alone among all processes of this database. */
export const alone = <T>(owner: Database, work: (sql: Tx) => Promise<T>): Promise<T> =>
  owner.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtext('pulse.vault'))`
    return work(sql)
  }) as Promise<T>

/** Adds a data key that takes over; `unless: 'any'` leaves it when there is one already. */
export function addDataKey(
  owner: Database,
  master: MasterKey,
  add: { readonly key: Uint8Array; readonly at: number; readonly unless?: 'any' },
): Promise<void> {
  return alone(owner, async (sql) => {
    if (add.unless === 'any' && (await listDataKeys(sql)).length > 0) return
    const at = new Date(add.at)
    await sql`update platform.data_key set retired_at = ${at} where retired_at is null`
    const [made] = await sql<{ id: number }[]>`
      insert into platform.data_key (wrapped, wrapped_by, created_at)
      values (${await master.wrap(add.key)}, ${master.id}, ${at})
      returning id`
    if (add.unless === 'any') return
    await recordForPlatform(sql, {
      actor,
      action: 'platform.data-key-rotated',
      subject: `data-key:${made?.id}`,
    })
  })
}

/**
 * Brings all data keys under the current master key, in one transaction, and forgets the previous
 * one after that. Makes a master key when there are neither data keys nor one. A crash at any
 * point is mended by the next call.
 *
 * @throws when a data key was wrapped by a master key that is not known
 */
export async function settleMasterKey(
  owner: Database,
  source: MasterKeySource,
): Promise<MasterKey> {
  const { current } = await alone(owner, (sql) => rewrapAll(sql, source))
  await alone(owner, async (sql) => {
    const keys = await source.read()
    if (!keys?.previous || !source.forgetPrevious) return
    const rows = await listDataKeys(sql)
    if (rows.every(({ wrappedBy }) => wrappedBy === keys.current.id)) await source.forgetPrevious()
  })
  return current
}

/**
 * Replaces the master key by a new one and brings all data keys under it. One previous key is kept,
 * so an earlier rotation that was cut short is finished first.
 *
 * @throws when the master key does not come from a file: then it is replaced where it comes from
 */
export async function replaceMasterKey(
  owner: Database,
  source: MasterKeySource,
): Promise<MasterKey> {
  const { replace } = source
  if (!replace) throw new Error('this master key does not come from a file that Pulse may replace')
  await settleMasterKey(owner, source)
  await alone(owner, async (sql) => {
    const current = (await source.read())?.current.id
    const rows = await listDataKeys(sql)
    // Somebody began another one in between: what is under its previous key must not be lost.
    if (rows.some(({ wrappedBy }) => wrappedBy !== current)) {
      throw new Error('another rotation of the master key is under way: run this again')
    }
    await replace()
  })
  return settleMasterKey(owner, source)
}

/**
 * Gives up the data keys, since their master key is lost: nothing that was sealed opens any more, and
 * the next start makes new keys. Their ids are never given again.
 *
 * @throws when the master key that is there opens them
 */
export async function abandonDataKeys(owner: Database, source: MasterKeySource): Promise<void> {
  const keys = await source.read()
  const fitting = [keys?.current.id, keys?.previous?.id]
  await alone(owner, async (sql) => {
    const rows = await listDataKeys(sql)
    if (rows.some(({ wrappedBy }) => fitting.includes(wrappedBy))) {
      throw new Error(`nothing is lost: the master key in ${source.where} opens the data keys`)
    }
    await sql`delete from platform.data_key`
    const before = { dataKeys: rows.map(({ id }) => id) }
    const subject = 'vault'
    await recordForPlatform(sql, { actor, action: 'platform.data-keys-abandoned', subject, before })
  })
}

async function rewrapAll(sql: Tx, source: MasterKeySource): Promise<MasterKeys> {
  const rows = await listDataKeys(sql)
  const keys = await readOrMake(source, rows.length > 0)
  const others = rows.filter(({ wrappedBy }) => wrappedBy !== keys.current.id)
  for (const row of others) {
    if (row.wrappedBy !== keys.previous?.id) throw foreign(row, keys)
    const wrapped = await keys.current.wrap(await keys.previous.unwrap(row.wrapped))
    await sql`
      update platform.data_key set wrapped = ${wrapped}, wrapped_by = ${keys.current.id}
       where id = ${row.id}`
  }
  if (others.length > 0) {
    await recordForPlatform(sql, {
      actor,
      action: 'platform.master-key-replaced',
      subject: `master-key:${keys.current.id}`,
      before: { wrappedBy: keys.previous?.id },
      after: { wrappedBy: keys.current.id, dataKeys: others.length },
    })
  }
  return keys
}

async function readOrMake(source: MasterKeySource, needed: boolean): Promise<MasterKeys> {
  const keys = await source.read()
  if (keys) return keys
  if (needed) throw new Error(`the secrets of this database need their master key: ${source.where}`)
  await source.replace?.()
  const made = await source.read()
  if (!made) throw new Error(`there is no master key: ${source.where}`)
  return made
}

const foreign = (row: DataKeyRow, keys: MasterKeys): Error =>
  new Error(
    `the secrets of this database were sealed under another master key (${row.wrappedBy}) than the one that is given (${keys.current.id})`,
  )
