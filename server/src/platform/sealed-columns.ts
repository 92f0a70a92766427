import type { Database } from './sql.ts'
import { BrokenSealError, sealedAt, type Vault } from './vault.ts'

/** A `text` column of sealed values: what a rotation of the data key must reach. */
export interface SealedColumn {
  /** With its schema: `actions.destination`. */
  readonly table: string
  readonly column: string
  /** The primary key, in the order in which {@link sealedAt} was given it. */
  readonly key: readonly string[]
  /** A column that held it in clear before there was a vault: sealed and emptied. */
  readonly clear?: string
}

const PAGE = 200

interface Row {
  readonly key: string[]
  readonly sealed: string | null
  readonly clear: string | null
}

/** How many values a pass moved. */
export interface Resealed {
  readonly moved: number
  /** Where values lie that do not open: left as they are. */
  readonly stuck: readonly string[]
}

/**
 * Moves every sealed value to the newest data key, and seals what lies in clear. Each value by
 * itself, only if nobody changed it meanwhile: a crash leaves both kinds, each of which opens, and
 * the next pass goes on. Does nothing when all is done. What lay in clear stays in dead rows of the
 * table's file until PostgreSQL overwrites them, in its log and in backups.
 */
export async function resealAll(
  owner: Database,
  vault: Vault,
  columns: readonly SealedColumn[],
): Promise<Resealed> {
  const newest = await vault.newestPrefix()
  const stuck: string[] = []
  let moved = 0
  for (const column of columns) {
    for await (const row of rowsToMove(owner, column, newest)) {
      const context = sealedAt(column.table, ...row.key)
      const clear = row.sealed === null ? row.clear : await opened(vault, row.sealed, context)
      if (clear === undefined || clear === null) stuck.push(context)
      else moved += await move(owner, column, { row, sealed: await vault.seal(clear, context) })
    }
  }
  return { moved, stuck }
}

const opened = (vault: Vault, sealed: string, context: string): Promise<string | undefined> =>
  vault.open(sealed, context).catch((error: unknown) => {
    if (error instanceof BrokenSealError) return undefined
    throw error
  })

/** What is under an older key or in clear, in pages by primary key, so that a value which does not open is passed once. */
async function* rowsToMove(
  owner: Database,
  { table, column, key, clear }: SealedColumn,
  newest: string,
): AsyncGenerator<Row> {
  let after: string[] = []
  const names = key.map((name) => owner`${owner(name)}::text collate "C"`)
  const listed = names.flatMap((name, index) => (index === 0 ? [name] : [owner`, `, name]))
  const inClear = clear === undefined ? owner`false` : owner`${owner(clear)} is not null`
  for (;;) {
    const rows = await owner<Row[]>`
      select array[${listed}] as key, ${owner(column)} as sealed,
             ${clear === undefined ? owner`null` : owner(clear)} as clear
        from ${owner(table)}
       where (not starts_with(${owner(column)}, ${newest}) or ${inClear})
         and array[${listed}] > ${after}
       order by array[${listed}]
       limit ${PAGE}`
    yield* rows
    const last = rows.at(-1)
    if (rows.length < PAGE || !last) return
    after = last.key
  }
}

async function move(
  owner: Database,
  { table, column, key, clear }: SealedColumn,
  { row, sealed }: { readonly row: Row; readonly sealed: string },
): Promise<number> {
  const same = key.map((name, index) => owner`and ${owner(name)}::text = ${row.key[index] ?? ''}`)
  const emptied = clear === undefined ? owner`` : owner`, ${owner(clear)} = null`
  const result = await owner`
    update ${owner(table)} set ${owner(column)} = ${sealed} ${emptied}
     where ${owner(column)} is not distinct from ${row.sealed} ${same}`
  return result.count
}
