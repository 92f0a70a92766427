import postgres from 'postgres'
import { PulseError } from './errors.ts'

/** Database roles; only `pulse_owner` owns tables, and no other bypasses row-level security. */
export type DatabaseRole = 'pulse_owner' | 'pulse_app' | 'pulse_pipeline' | 'pulse_operator'

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

export interface PoolOptions {
  readonly max: number
  readonly name: string
  /** Called each time a connection of the pool dies. */
  readonly onClose?: () => void
}

/** Opens a pool as `role`. Connections are made on first use. */
export function connect(
  facts: ConnectionFacts,
  role: DatabaseRole,
  options: PoolOptions,
): Database {
  return postgres({
    host: facts.host,
    port: facts.port,
    database: facts.database,
    username: role,
    password: facts.password,
    max: options.max,
    types: { bigint: bigintAsNumber },
    connection: { application_name: options.name },
    onnotice: () => {},
    ...(options.onClose ? { onclose: options.onClose } : {}),
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    backoff: (attempts: number) => Math.min(2, 0.05 * 2 ** attempts),
  })
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
    const result = await db.begin(async (sql) => {
      await sql`select set_config('pulse.tenant', ${String(id)}, true)`
      return { value: await work(sql as unknown as TenantSql) }
    })
    return result.value
  } catch (error) {
    throw unavailableWhenDown(error)
  }
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
