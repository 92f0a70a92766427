import type { Permission, Role } from '@pulse/contract'
import type { FastifyRequest, RouteOptions } from 'fastify'
import type { z } from 'zod'

/** Somebody who may act: today a person with a session. */
export interface Principal {
  readonly kind: 'person'
  readonly id: string
  readonly name: string
  readonly tenants: readonly Membership[]
}

export interface Membership {
  readonly tenant: number
  readonly key: string
  readonly name: string
  readonly region: string
  readonly role: Role
  readonly permissions: ReadonlySet<Permission>
}

/** Who asks? Undefined for nobody; throws for a credential that is wrong. */
export type Authenticate = (request: FastifyRequest) => Promise<Principal | undefined>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller must be permitted, in the tenant of the request. */
    permission?: Permission
    /** `nobody`: no sign-in; `person`: signed in, no tenant; `device`: the route authenticates a device itself. */
    open?: 'nobody' | 'person' | 'device'
    /** True when the answer shows a secret: it is not kept for an Idempotency-Key. */
    secret?: boolean
    /** The body, for the API document, of a route that reads and checks it by itself. */
    accepts?: z.ZodType
  }
  interface FastifyInstance {
    /** Every route that was registered, in order. */
    routeFacts: readonly RouteFacts[]
  }
  interface FastifyRequest {
    principal: Principal | undefined
    membership: Membership | undefined
  }
}

/** What a route declares, for tests and documents. */
export interface RouteFacts {
  readonly method: string
  readonly url: string
  readonly permission: Permission | undefined
  readonly open: 'nobody' | 'person' | 'device' | undefined
  /** True when the API document leaves it out: a page or an asset. */
  readonly hidden: boolean
}

/** The facts of a route, as it is registered. */
export const factsOf = (route: RouteOptions): RouteFacts => ({
  method: String(route.method),
  url: route.url,
  permission: route.config?.permission,
  open: route.config?.open,
  hidden: route.schema?.hide === true,
})

/** The tenant that this request acts in. Only on routes with a permission. */
export function tenantOf(request: FastifyRequest): number {
  if (!request.membership) throw new Error('the route declares no permission, so it has no tenant')
  return request.membership.tenant
}

/** Who acts, for the audit. */
export function actorOf(request: FastifyRequest): { kind: 'person'; id: string } {
  if (!request.principal) throw new Error('nobody is signed in on this route')
  return { kind: request.principal.kind, id: request.principal.id }
}

/** Refuses to start with a route that declares neither a permission nor to whom it is open. */
export function refuseUndeclared(route: RouteOptions): void {
  const config = route.config ?? {}
  const declared = Number(config.permission !== undefined) + Number(config.open !== undefined)
  if (declared === 1) return
  throw new Error(`the route ${String(route.method)} ${route.url} declares no permission`)
}

export type { FastifyRequest }
