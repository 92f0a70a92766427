import {
  type Endpoints,
  endpoints,
  type Rejection,
  refusalOf,
  rejectionsAnswer,
  rejectionsQuery,
} from '@pulse/contract'
import { type Database, inTenant, type Shell, type TenantSql, tenantOf } from '#platform'

export interface ConnectRoutesDeps {
  readonly db: Database
  /** Where devices connect, as they see it. */
  readonly endpoints: () => Omit<Endpoints, 'tenant'>
}

/** Rejections, and where devices connect. */
export function connectRoutes(deps: ConnectRoutesDeps) {
  return async (app: Shell): Promise<void> => {
    app.get(
      '/v1/rejections',
      {
        config: { permission: 'rejection.read' },
        schema: {
          summary: 'Messages that were refused, newest first',
          tags: ['Connect'],
          querystring: rejectionsQuery,
          response: { 200: rejectionsAnswer },
        },
      },
      (request) =>
        inTenant(deps.db, tenantOf(request), async (sql) => {
          const { items, next } = await listRejections(sql, request.query)
          return {
            items,
            ...(next === undefined ? {} : { next }),
            lastHour: await countLastHour(sql),
          }
        }),
    )
    app.get(
      '/v1/endpoints',
      {
        config: { permission: 'device.read' },
        schema: {
          summary: 'Where devices connect',
          tags: ['Connect'],
          response: { 200: endpoints },
        },
      },
      async (request) => ({ tenant: request.membership?.key ?? '', ...deps.endpoints() }),
    )
  }
}

interface Filter {
  readonly device?: string | undefined
  readonly code?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

async function listRejections(
  sql: TenantSql,
  filter: Filter,
): Promise<{ items: Rejection[]; next?: string | undefined }> {
  const before = /^\d{1,18}$/.test(filter.cursor ?? '') ? Number(filter.cursor) : undefined
  const rows = await sql<Record<string, never>[]>`
    select id, at, device, code, message, topic, message_id as "messageId", source, address, excerpt, count
      from connect.rejection
     where true
       ${filter.device === undefined ? sql`` : sql`and device = ${filter.device}`}
       ${filter.code === undefined ? sql`` : sql`and code = ${filter.code}`}
       ${before === undefined ? sql`` : sql`and id < ${before}`}
     order by id desc
     limit ${filter.limit + 1}`
  const items = rows.slice(0, filter.limit).map((row) => rejectionOf(row))
  const next = rows.length > filter.limit ? items.at(-1)?.id : undefined
  return { items, next }
}

function rejectionOf(row: Record<string, unknown>): Rejection {
  const code = String(row['code'])
  return {
    ...row,
    id: String(row['id']),
    at: (row['at'] as Date).toISOString(),
    remedy: refusalOf(code as Parameters<typeof refusalOf>[0]).remedy,
  } as Rejection
}

const countLastHour = (sql: TenantSql) =>
  sql<{ code: string; count: number }[]>`
    select code, sum(count)::float8 as count
      from connect.rejection_count
     where minute > now() - interval '1 hour'
     group by code
     order by count desc, code`

/** How many messages were refused within the last hour. */
export async function countRefused(sql: TenantSql): Promise<number> {
  const counts = await countLastHour(sql)
  return counts.reduce((sum, { count }) => sum + count, 0)
}
