import { readdir } from 'node:fs/promises'
import type postgres from 'postgres'
import { migrationsFolder } from './migrate.ts'
import { type Database, type TenantSql, turnTo, unavailableWhenDown } from './sql.ts'

type Sql = postgres.ISql<{ bigint: number }>

/** A table that holds rows of tenants, as the database itself describes it. */
export interface TenantTable {
  /** With its schema: `rules.alert`. */
  readonly name: string
  /** `tenant`, or `id` of the table of tenants itself. */
  readonly tenantColumn: string
  /** In their order; what the asking role may not read is in `hidden`. */
  readonly columns: readonly string[]
  readonly hidden: readonly string[]
  /** Where its rows lie: its partitions, or itself. */
  readonly parts: readonly string[]
  /** First column of each of its indexes. */
  readonly indexedBy: readonly string[]
  /** Tables that its rows refer to by foreign keys. */
  readonly refersTo: readonly string[]
}

/**
 * Every table with a column `tenant`, and the table of tenants, found in the catalogue of the
 * database: a table that a later migration adds is among them by itself. Sorted by name.
 */
export async function tenantTables(sql: Sql): Promise<readonly TenantTable[]> {
  return sql<TenantTable[]>`
    with tenanted as (
      select c.oid, c.relkind, n.nspname || '.' || c.relname as name, a.attname as "tenantColumn"
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
         and (a.attname = 'tenant' or (c.relname = 'tenant' and a.attname = 'id'))
       where c.relkind in ('r', 'p') and not c.relispartition
         and n.nspname !~ '^pg_' and n.nspname <> 'information_schema')
    select name, "tenantColumn",
           array(select a.attname::text from pg_attribute a
                  where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
                    and has_column_privilege(t.oid, a.attnum, 'select') order by a.attnum) as columns,
           array(select a.attname::text from pg_attribute a
                  where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
                    and not has_column_privilege(t.oid, a.attnum, 'select') order by a.attnum) as hidden,
           case when t.relkind = 'r' then array[t.name]
                else array(select n.nspname || '.' || c.relname
                             from pg_inherits i join pg_class c on c.oid = i.inhrelid
                             join pg_namespace n on n.oid = c.relnamespace
                            where i.inhparent = t.oid order by 1) end as parts,
           array(select distinct a.attname::text
                   from pg_index x join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
                  where x.indrelid = t.oid and x.indpred is null) as "indexedBy",
           array(select distinct r.name
                   from pg_constraint f join tenanted r on r.oid = f.confrelid
                  where f.conrelid = t.oid and f.contype = 'f' and f.confrelid <> t.oid) as "refersTo"
      from tenanted t
     order by name`
}

/** The tables in an order in which their rows can be deleted: what refers comes before what it refers to. */
export function deletionOrder(tables: readonly TenantTable[]): readonly TenantTable[] {
  const left = new Map(tables.map((table) => [table.name, table]))
  const ordered: TenantTable[] = []
  while (left.size > 0) {
    const referred = new Set([...left.values()].flatMap(({ refersTo }) => refersTo))
    const free = [...left.values()].filter(({ name }) => !referred.has(name))
    if (free.length === 0) {
      throw new Error(`tables refer to each other in a circle: ${[...left.keys()].join(', ')}`)
    }
    for (const table of free) left.delete(table.name)
    ordered.push(...free)
  }
  return ordered
}

/** The newest migration of this program, such as `0015_registry_operators`. */
export async function schemaVersion(): Promise<string> {
  const names = (await readdir(migrationsFolder)).filter((name) => /^\d{4}_.+\.sql$/.test(name))
  return (
    names
      .sort()
      .at(-1)
      ?.replace(/\.sql$/, '') ?? ''
  )
}

/**
 * Runs `work` in one transaction of `db` (role `pulse_app`) that only reads, and sees the rows of
 * one tenant as of its beginning, however long it takes. Times are in UTC.
 */
export async function inSnapshot<T>(
  db: Database,
  tenant: number,
  work: (sql: TenantSql) => Promise<T>,
): Promise<T> {
  try {
    const result = await db.begin(async (sql) => {
      await sql`set transaction isolation level repeatable read, read only`
      await sql`select set_config('timezone', 'UTC', true)`
      return { value: await work(await turnTo(sql, tenant)) }
    })
    return result.value
  } catch (error) {
    throw unavailableWhenDown(error)
  }
}
