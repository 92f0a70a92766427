import type { Permission } from '@pulse/contract'
import type { FastifyRequest, RouteOptions } from 'fastify'
import type { z } from 'zod'
import type { Actor } from '../audit.ts'

/** Somebody who may act: a person who signed in, or a service with an API key. */
export interface Principal {
  readonly kind: 'person' | 'key'
  readonly id: string
  readonly name: string
  /** Runs the platform: may ask the operator's routes. Never true of a key. */
  readonly operator: boolean
  readonly tenants: readonly Membership[]
}

export interface Membership {
  readonly tenant: number
  readonly key: string
  readonly name: string
  readonly region: string
  /** Key of a built-in role, or of one that the tenant made; of an API key, its name. */
  readonly role: string
  readonly permissions: ReadonlySet<Permission>
  readonly suspended: boolean
  /** Set while an operator stays in a tenant that is not theirs. */
  readonly entering: { readonly reason: string; readonly until: Date } | undefined
}

/** Who asks? Undefined for nobody; throws for a credential that is wrong. */
export type Authenticate = (request: FastifyRequest) => Promise<Principal | undefined>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller must be permitted, in the tenant of the request. */
    permission?: Permission
    /** `nobody`: no sign-in; `person`: signed in, no tenant; `device`: the route authenticates a device itself. */
    open?: 'nobody' | 'person' | 'device'
    /** Only operators of the platform; no tenant. */
    operator?: true
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
  readonly operator: boolean
  /** True when the API document leaves it out: a page or an asset. */
  readonly hidden: boolean
}

/** The facts of a route, as it is registered. */
export const factsOf = (route: RouteOptions): RouteFacts => ({
  method: String(route.method),
  url: route.url,
  permission: route.config?.permission,
  open: route.config?.open,
  operator: route.config?.operator === true,
  hidden: route.schema?.hide === true,
})

/** The tenant that this request acts in. Only on routes with a permission. */
export function tenantOf(request: FastifyRequest): number {
  if (!request.membership) throw new Error('the route declares no permission, so it has no tenant')
  return request.membership.tenant
}

/** Who acts, for the audit. */
export function actorOf(request: FastifyRequest): Actor {
  const { principal, membership, routeOptions } = request
  if (!principal) throw new Error('nobody is signed in on this route')
  const asOperator = routeOptions.config.operator === true || membership?.entering !== undefined
  return { kind: asOperator ? 'operator' : principal.kind, id: principal.id, name: principal.name }
}

/** Refuses to start with a route that does not declare exactly one of permission, open and operator. */
export function refuseUndeclared(route: RouteOptions): void {
  const config = route.config ?? {}
  const { permission, open, operator } = config
  if ([permission, open, operator].filter((each) => each !== undefined).length === 1) return
  throw new Error(`the route ${String(route.method)} ${route.url} declares no permission`)
}

export type { FastifyRequest }
