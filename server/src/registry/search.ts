import {
  type DevicesAnswer,
  type Facets,
  parseQuery,
  type Query,
  QueryError,
} from '@pulse/contract'
import { type Clock, type Database, inTenant, type PipelineSql, type TenantSql } from '#platform'
import { available } from './available.ts'
import { createCountMemo } from './count-memo.ts'
import { type DeviceSort, readCursor, writeCursor } from './cursor.ts'
import { refuse } from './errors.ts'
import {
  type SiteStatusCount,
  selectFacets,
  selectSiteStatus,
  selectTenantCounts,
  type TenantCount,
} from './facet-rows.ts'
import {
  cursorOf,
  type FoundDevice,
  type IndexRow,
  indexColumns,
  rowOf,
  selectCount,
  selectPage,
} from './index-rows.ts'
import { compileQuery } from './search-terms.ts'

export interface SearchFacts {
  readonly q: string
  readonly sort: DeviceSort
  readonly cursor?: string | undefined
  readonly limit: number
}

export type SearchAnswer = Omit<DevicesAnswer, 'items'> & { readonly items: readonly FoundDevice[] }

/** Finds devices by the fleet query language. */
export interface Search {
  /** One page. @throws `registry.bad-query` with the position, `platform.invalid` for a cursor */
  devices(tenant: number, facts: SearchFacts): Promise<SearchAnswer>
  /** Counts of what matches, per value of a field. @throws `registry.bad-query` */
  facets(tenant: number, q: string): Promise<Facets>
  /** The whole tenant, by site and status. */
  siteStatus(tenant: number): Promise<readonly SiteStatusCount[]>
  /** Every tenant that has devices, for those who work for all. */
  tenantCounts(): Promise<readonly TenantCount[]>
  /** @throws `registry.unknown-device` */
  device(tenant: number, key: string): Promise<FoundDevice & { readonly createdAt: Date }>
  /** Devices by key; unknown ones are left out. */
  byKeys(tenant: number, keys: readonly string[]): Promise<readonly FoundDevice[]>
}

export interface SearchDeps {
  readonly app: Database
  readonly pipeline: PipelineSql
  readonly clock: Clock
}

/** A search that takes longer is ended rather than left to hold a connection. */
const TIMEOUT_MS = 10_000

export function createSearch({ app, pipeline, clock }: SearchDeps): Search {
  const memo = createCountMemo(clock)
  const within = <T>(tenant: number, work: (sql: TenantSql) => Promise<T>) =>
    inTenant(app, tenant, async (sql) => {
      await sql`select set_config('statement_timeout', ${String(TIMEOUT_MS)}, true)`
      return work(sql)
    })
  return {
    async devices(tenant, facts) {
      const begun = performance.now()
      const query = readQuery(facts.q)
      const after = readCursor(facts.sort, facts.cursor)
      return within(tenant, async (sql) => {
        const where = compile(query, sql, clock.now())
        const [rows, total, known] = await Promise.all([
          selectPage(sql, where, { sort: facts.sort, after, limit: facts.limit }),
          memo.count(`${tenant}`, () => selectCount(sql)),
          query.op === 'all'
            ? undefined
            : memo.count(`${tenant} ${facts.q}`, () => selectCount(sql, where)),
        ])
        const matched = known ?? total
        const items = rows.slice(0, facts.limit)
        const last = rows.length > facts.limit ? items.at(-1) : undefined
        return {
          items: items.map(rowOf),
          matched,
          total,
          ...(last ? { next: writeCursor(facts.sort, cursorOf(facts.sort, last)) } : {}),
          tookMs: performance.now() - begun,
        }
      })
    },
    async facets(tenant, q) {
      const query = readQuery(q)
      return within(tenant, (sql) => selectFacets(sql, compile(query, sql, clock.now())))
    },
    tenantCounts: () => available(selectTenantCounts(pipeline)),
    siteStatus: (tenant) => within(tenant, selectSiteStatus),
    async device(tenant, key) {
      return within(tenant, async (sql) => {
        const [row] = await sql<(IndexRow & { createdAt: Date })[]>`
          select ${indexColumns(sql)}, d.created_at as "createdAt"
            from registry.device_index i join registry.device d on d.id = i.device and d.tenant = i.tenant
           where i.key = ${key}`
        if (!row) throw refuse.unknownDevice()
        return { ...rowOf(row), createdAt: row.createdAt }
      })
    },
    async byKeys(tenant, keys) {
      const rows = await within(
        tenant,
        (sql) => sql<IndexRow[]>`
        select ${indexColumns(sql)} from registry.device_index i
         where i.key = any(${keys as string[]}::text[])`,
      )
      return rows.map(rowOf)
    },
  }
}

function readQuery(text: string): Query {
  try {
    return parseQuery(text)
  } catch (error) {
    throw asRefusal(error)
  }
}

function compile(query: Query, sql: TenantSql, nowMs: number) {
  try {
    return compileQuery(query, { sql, nowMs })
  } catch (error) {
    throw asRefusal(error)
  }
}

function asRefusal(error: unknown): unknown {
  if (!(error instanceof QueryError)) return error
  const detail = `At character ${error.at + 1}: ${error.message}.`
  return refuse.badQuery({
    detail,
    fields: [{ path: `q:${error.at}`, message: error.message }],
    cause: error,
  })
}
