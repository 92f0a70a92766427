import postgres from 'postgres'
import { PulseError } from './errors.ts'

/** Database roles; only `pulse_owner` owns tables, and no other bypasses row-level security. */
export type DatabaseRole =
  | 'pulse_owner'
  | 'pulse_app'
  | 'pulse_pipeline'
  | 'pulse_operator'
  | 'pulse_sealer'

export interface ConnectionFacts {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly password: string
}

/** A pool of connections of one role. */
export type Database = postgres.Sql<{ bigint: number }>
/** One reserved connection. */
export type Connection = postgres.ReservedSql<{ bigint: number }>

declare const tenant: unique symbol
declare const pipeline: unique symbol
/** A transaction that row-level security confines to one tenant. Repositories accept nothing else. */
export type TenantSql = postgres.TransactionSql<{ bigint: number }> & { readonly [tenant]: number }
/** A connection of the pipeline: all tenants, only the tables and verbs that ingest needs. */
export type PipelineSql = Database & { readonly [pipeline]: true }

/** bigint as a JavaScript number: internal ids and positions stay far below 2^53. */
const bigintAsNumber = {
  to: 20,
  from: [20],
  serialize: (value: number) => String(value),
  parse: (text: string) => Number(text),
}

const nullable = (text: string | null): string => text ?? 'NULL'

/** Arrays of bigint, both ways. */
const bigintArray = {
  to: 1016,
  from: [1016],
  serialize: (values: readonly (number | null)[]) =>
    `{${values.map((value) => nullable(value === null ? null : String(value))).join(',')}}`,
  parse: (text: string) =>
    text === '{}'
      ? []
      : text
          .slice(1, -1)
          .split(',')
          .map((each) => (each === 'NULL' ? null : Number(each))),
}

/** An element of a text array as PostgreSQL writes it: in quotes, with escapes, or bare. */
const TEXT_ELEMENT = /"((?:[^"\\]|\\.)*)"|[^{},]+/gs

/** Arrays of text, both ways. */
const textArray = {
  to: 1009,
  from: [1009],
  serialize: (values: readonly (string | null)[]) =>
    `{${values.map((value) => nullable(value === null ? null : `"${value.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`,
  parse: (text: string) =>
    [...text.matchAll(TEXT_ELEMENT)].map(([all, quoted]) => {
      if (quoted !== undefined) return quoted.replace(/\\(.)/g, '$1')
      return all === 'NULL' ? null : all
    }),
}

export interface PoolOptions {
  readonly max: number
  readonly name: string
  /** Called each time a connection of the pool dies. */
  readonly onClose?: () => void
}

/**
 * A connection of postgres.js (3.4.9) that dies with an unsent write keeps a timer that never fires:
 * its reconnects then send nothing, and time out one after the other, until 1,024 bytes have
 * gathered. A start-up message that is as long by itself goes out at once.
 */
const FLUSHES_AT_ONCE = { 'pulse.start': 'x'.repeat(1024) }

/** Opens a pool as `role`. Connections are made on first use. */
export function connect(
  facts: ConnectionFacts,
  role: DatabaseRole,
  options: PoolOptions,
): Database {
  const db = postgres({
    host: facts.host,
    port: facts.port,
    database: facts.database,
    username: role,
    password: facts.password,
    max: options.max,
    types: { bigint: bigintAsNumber, bigintArray, textArray },
    // The driver would ask for all array types on each new connection, and a connection that dies
    // while it asks rejects a promise that nobody holds.
    fetch_types: false,
    connection: { application_name: options.name, ...FLUSHES_AT_ONCE },
    onnotice: () => {},
    ...(options.onClose ? { onclose: options.onClose } : {}),
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    backoff: (attempts: number) => Math.min(2, 0.05 * 2 ** attempts),
  })
  return withoutLateRollback(db)
}

/** What the driver says when the connection itself is gone, not only the server unwell. */
const GONE = new Set(['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'ECONNRESET', 'EPIPE'])

/**
 * `begin` of postgres.js (3.4.9) rolls back on a connection that has died and throws out of an
 * immediate, which ends the process. So work whose connection has died never ends in its eyes: it
 * hears of the loss by itself and rejects.
 */
function withoutLateRollback(db: Database): Database {
  const begin = db.begin as (work: (sql: unknown) => Promise<unknown>) => Promise<unknown>
  const safely = (work: (sql: unknown) => unknown): Promise<unknown> =>
    begin(async (sql) => {
      try {
        return await work(sql)
      } catch (error) {
        if (isGone(error)) await new Promise<never>(() => {})
        throw error
      }
    })
  return Object.assign(db, { begin: safely })
}

function isGone(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  return (typeof code === 'string' && GONE.has(code)) || (cause !== undefined && isGone(cause))
}

/**
 * Reserves the connection of a pool that has one. It is opened first: the driver never gives away
 * a connection that it opens for a reservation while it does not ask for types.
 */
export async function reserveOnly(db: Database): Promise<Connection> {
  await db`select 1`
  return db.reserve()
}

/** The database as the pipeline's role sees it. Only {@link asPipeline} makes one. */
export const asPipeline = (db: Database): PipelineSql => db as PipelineSql

/**
 * Runs `work` in one transaction of `db` (role `pulse_app`) that sees and writes only the rows
 * of tenant `id`. The setting is local to the transaction: a pooled connection forgets it.
 */
export async function inTenant<T>(
  db: Database,
  id: number,
  work: (sql: TenantSql) => Promise<T>,
): Promise<T> {
  try {
    const result = await db.begin(async (sql) => ({ value: await work(await turnTo(sql, id)) }))
    return result.value
  } catch (error) {
    throw unavailableWhenDown(error)
  }
}

/**
 * Turns a transaction to a tenant: from here on row-level security confines it to that one, until
 * its end or the next turn. For what changes several tenants at once; all else is {@link inTenant}.
 */
export async function turnTo(
  sql: postgres.TransactionSql<{ bigint: number }>,
  tenantId: number,
): Promise<TenantSql> {
  await sql`select set_config('pulse.tenant', ${String(tenantId)}, true)`
  return sql as unknown as TenantSql
}

const DOWN = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '53100',
  '08006',
  '08001',
])

/** True when `error` says that the database is away or full, not that a statement was wrong. */
export function databaseIsDown(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && DOWN.has(code)
}

/** Turns an error that means "the database is away" into `platform.unavailable`; others stay. */
export function unavailableWhenDown(error: unknown): unknown {
  if (!databaseIsDown(error)) return error
  return new PulseError('platform.unavailable', { cause: error, retryAfterS: 2 })
}
