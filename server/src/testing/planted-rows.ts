import type postgres from 'postgres'

/** Every table with a column `tenant`, and the table of tenants: read here apart from what it tests. */
export const tablesWithTenant = (root: postgres.Sql) =>
  root<{ name: string; tenantColumn: string }[]>`
    select table_schema || '.' || table_name as name, column_name as "tenantColumn"
      from information_schema.columns
     where (column_name = 'tenant' or (table_schema, table_name, column_name) = ('registry', 'tenant', 'id'))
       and table_name !~ '^message_[0-9]{8}$'
     order by 1`

/**
 * Fills every given table with one row for each tenant, made up from its columns: they need not make
 * sense, since checks are dropped and constraints between tables are off. Only for a database of
 * its own; `root` is a superuser.
 */
export async function plantRows(
  root: postgres.Sql,
  tables: readonly { readonly name: string; readonly tenantColumn: string }[],
  tenants: readonly number[],
): Promise<void> {
  await dropChecks(
    root,
    tables.map(({ name }) => name),
  )
  for (const table of tables) await plant(root, table, tenants)
}

async function dropChecks(root: postgres.Sql, tables: readonly string[]): Promise<void> {
  const checks = await root<{ table: string; name: string }[]>`
    select c.conrelid::regclass::text as table, c.conname as name
      from pg_constraint c
     where c.conrelid = any(${[...tables]}::text[]::regclass[])
       and c.contype = 'c' and c.conislocal and c.coninhcount = 0
       and not exists (select 1 from pg_inherits i where i.inhrelid = c.conrelid)`
  for (const { table, name } of checks)
    await root.unsafe(`alter table ${table} drop constraint "${name}"`)
}

async function plant(
  root: postgres.Sql,
  { name, tenantColumn }: { readonly name: string; readonly tenantColumn: string },
  tenants: readonly number[],
): Promise<void> {
  const columns = await root<{ name: string; type: string; generated: boolean }[]>`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
           (a.attidentity <> '' or a.attgenerated <> '') as generated
      from pg_attribute a
     where a.attrelid = ${name}::regclass and a.attnum > 0 and not a.attisdropped`
  await root`set session_replication_role = replica`
  for (const tenant of tenants) {
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
  tenantColumn: string,
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
