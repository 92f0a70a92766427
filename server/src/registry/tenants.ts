import { type Actor, type Database, inTenant, type PipelineSql, record } from '#platform'
import { available } from './available.ts'
import type { Directory } from './directory.ts'

export interface NewTenant {
  readonly key: string
  readonly name: string
  readonly region?: string
  readonly retentionDays?: number
}

/** Tenants as they are made; the data path reads them through the {@link Directory}. */
export interface Tenants {
  /** Makes a tenant, or finds the one that has this key and leaves it as it is. */
  createTenant(
    tenant: NewTenant,
    actor: Actor,
  ): Promise<{ readonly id: number; readonly created: boolean }>
  /** A suspended tenant reads and exports, but its devices may not send. */
  setSuspended(tenant: number, suspended: boolean, actor: Actor): Promise<void>
}

export interface TenantsDeps {
  readonly app: Database
  readonly pipeline: PipelineSql
  readonly directory: Directory
}

export function createTenants(deps: TenantsDeps): Tenants {
  const find = async (key: string): Promise<number | undefined> => {
    const [row] = await available(
      deps.pipeline<{ id: number }[]>`select id from registry.tenant where key = ${key}`,
    )
    return row?.id
  }
  return {
    async createTenant(tenant, actor) {
      const known = await find(tenant.key)
      if (known !== undefined) return { id: known, created: false }
      const [drawn] = await available(
        deps.app<{ id: number }[]>`select nextval('registry.tenant_id_seq') as id`,
      )
      const id = Number(drawn?.id)
      const created = await inTenant(deps.app, id, async (sql) => {
        const rows = await sql`
          insert into registry.tenant (id, key, name, region, retention_days)
          values (${id}, ${tenant.key}, ${tenant.name}, ${tenant.region ?? 'us-west-2'},
                  ${tenant.retentionDays ?? 30})
          on conflict (key) do nothing returning id`
        if (rows.length === 0) return false
        const subject = `tenant:${tenant.key}`
        await record(sql, { actor, action: 'registry.tenant-created', subject, after: tenant })
        return true
      })
      // Another process may have made it between the look and the write.
      return created ? { id, created } : { id: (await find(tenant.key)) ?? id, created }
    },
    async setSuspended(tenant, suspended, actor) {
      await inTenant(deps.app, tenant, async (sql) => {
        const [row] = await sql<{ key: string }[]>`
          update registry.tenant set suspended = ${suspended}
           where id = platform.tenant() and suspended <> ${suspended} returning key`
        if (!row) return
        const action = suspended ? 'registry.tenant-suspended' : 'registry.tenant-resumed'
        await record(sql, { actor, action, subject: `tenant:${row.key}` })
      })
      deps.directory.forget(tenant)
    },
  }
}
