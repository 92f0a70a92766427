import {
  type DevicesAnswer,
  type Facets,
  parseQuery,
  type Query,
  QueryError,
} from '@pulse/contract'
import { type Clock, type Database, inTenant, type PipelineSql, type TenantSql } from '#platform'
import { available } from './available.ts'
import { type CountMemo, createCountMemo } from './count-memo.ts'
import { type Cursor, type DeviceSort, readCursor, writeCursor } from './cursor.ts'
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
  rowOf,
  selectByKeys,
  selectCount,
  selectDevice,
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
      const asked = { query: readQuery(facts.q), after: readCursor(facts.sort, facts.cursor) }
      const page = await within(tenant, (sql) =>
        readPage(sql, { ...facts, ...asked, tenant, memo, nowMs: clock.now() }),
      )
      return { ...page, tookMs: performance.now() - begun }
    },
    async facets(tenant, q) {
      const query = readQuery(q)
      return within(tenant, (sql) => selectFacets(sql, compile(query, sql, clock.now())))
    },
    tenantCounts: () => available(selectTenantCounts(pipeline)),
    siteStatus: (tenant) => within(tenant, selectSiteStatus),
    device: (tenant, key) => within(tenant, (sql) => readDevice(sql, key)),
    async byKeys(tenant, keys) {
      const rows = await within(tenant, (sql) => selectByKeys(sql, keys))
      return rows.map(rowOf)
    },
  }
}

interface PageQuestion extends SearchFacts {
  readonly tenant: number
  readonly query: Query
  readonly after: Cursor | undefined
  readonly memo: CountMemo
  readonly nowMs: number
}

async function readPage(
  sql: TenantSql,
  asked: PageQuestion,
): Promise<Omit<SearchAnswer, 'tookMs'>> {
  const { tenant, query, sort, limit, memo } = asked
  const where = compile(query, sql, asked.nowMs)
  const [rows, total, found] = await Promise.all([
    selectPage(sql, where, { sort, after: asked.after, limit }),
    memo.count(`${tenant}`, () => selectCount(sql)),
    query.op === 'all'
      ? undefined
      : memo.count(`${tenant} ${asked.q}`, () => selectCount(sql, where)),
  ])
  const items = rows.slice(0, limit)
  const last = rows.length > limit ? items.at(-1) : undefined
  return {
    items: items.map(rowOf),
    matched: found ?? total,
    total,
    ...(last ? { next: writeCursor(sort, cursorOf(sort, last)) } : {}),
  }
}

async function readDevice(sql: TenantSql, key: string) {
  const row = await selectDevice(sql, key)
  if (!row) throw refuse.unknownDevice()
  return { ...rowOf(row), createdAt: row.createdAt }
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
