import type { TenantFacts } from '@pulse/contract'
import { type Actor, type Clock, type Database, inTenant, type PipelineSql } from '#platform'
import type { Act } from './act.ts'
import { available } from './available.ts'
import type { Directory } from './directory.ts'
import { auditTwice } from './tenants-life.ts'
import { selectTenant, tenantFactsOf } from './tenants-rows.ts'

export interface NewTenant {
  readonly key: string
  readonly name: string
  readonly region?: string
  readonly retentionDays?: number
}

/** Tenants as they are made and looked up; how they live is {@link TenantLife}. */
export interface Tenants {
  /** Makes a tenant, or finds the one that has this key and leaves it as it is. */
  createTenant(
    tenant: NewTenant,
    actor: Actor,
    from?: Pick<Act, 'requestId' | 'address'>,
  ): Promise<{ readonly id: number; readonly created: boolean }>
  /** The internal id of the tenant with this key. */
  idOf(key: string): Promise<number | undefined>
  facts(tenant: number): Promise<TenantFacts>
}

export interface TenantsDeps {
  readonly app: Database
  readonly pipeline: PipelineSql
  readonly directory: Directory
  readonly clock: Clock
  /** The cell of this installation: new tenants are in it. */
  readonly cell: string
}

export function createTenants(deps: TenantsDeps): Tenants {
  const idOf = async (key: string): Promise<number | undefined> => {
    const [row] = await available(
      deps.pipeline<{ id: number }[]>`select id from registry.tenant where key = ${key}`,
    )
    return row?.id
  }
  return {
    async createTenant(tenant, actor, from) {
      const known = await idOf(tenant.key)
      if (known !== undefined) return { id: known, created: false }
      const [drawn] = await available(
        deps.app<{ id: number }[]>`select nextval('registry.tenant_id_seq') as id`,
      )
      const id = Number(drawn?.id)
      const created = await inTenant(deps.app, id, async (sql) => {
        const rows = await sql`
          insert into registry.tenant (id, key, name, region, cell, retention_days, created_at)
          values (${id}, ${tenant.key}, ${tenant.name}, ${tenant.region ?? 'us-west-2'}, ${deps.cell},
                  ${tenant.retentionDays ?? 30}, ${new Date(deps.clock.now())})
          on conflict (key) do nothing returning id`
        if (rows.length === 0) return false
        const facts = { subject: `tenant:${tenant.key}`, after: tenant }
        await auditTwice(sql, { ...from, tenant: id, actor }, 'registry.tenant-created', facts)
        return true
      })
      // Another process may have made it between the look and the write.
      return created ? { id, created } : { id: (await idOf(tenant.key)) ?? id, created }
    },
    idOf,
    facts: (tenant) =>
      inTenant(deps.app, tenant, async (sql) => tenantFactsOf(await selectTenant(sql))),
  }
}
