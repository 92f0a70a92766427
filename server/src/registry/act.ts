import {
  type Actor,
  type AuditEntry,
  actorOf,
  type FastifyRequest,
  record,
  type TenantSql,
  tenantOf,
} from '#platform'

/** Who acts, in which tenant, from where: what an audited use case is told. */
export interface Act {
  readonly tenant: number
  readonly actor: Actor
  readonly requestId?: string | undefined
  readonly address?: string | undefined
}

/** The act of a request. Only on routes with a permission. */
export const actOf = (request: FastifyRequest): Act => ({
  tenant: tenantOf(request),
  actor: actorOf(request),
  requestId: request.id,
  address: request.ip,
})

/** Records an act in the transaction of what it changes. */
export const audit = (
  sql: TenantSql,
  { actor, requestId, address }: Act,
  action: string,
  facts: Pick<AuditEntry, 'subject' | 'before' | 'after'>,
): Promise<void> => record(sql, { actor, action, requestId, address, ...facts })
