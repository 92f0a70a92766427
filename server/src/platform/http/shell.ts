import swagger from '@fastify/swagger'
import { type Permission, worksWhileSuspended } from '@pulse/contract'
import { fastify, LogController } from 'fastify'
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { PulseError } from '../errors.ts'
import { uuidv7 } from '../ids.ts'
import type { Log } from '../log.ts'
import { openapiOptions } from './openapi.ts'
import { answerError } from './problem.ts'
import {
  type Authenticate,
  type FastifyRequest,
  factsOf,
  type Membership,
  type Principal,
  type RouteFacts,
  refuseUndeclared,
} from './routes.ts'

export interface ShellDeps {
  readonly log: Log
  readonly authenticate: Authenticate
  readonly version: string
  /**
   * Proxies in front of Pulse, as addresses or networks with commas between: only they are believed
   * about where a request comes from (`X-Forwarded-For`). Without them nobody is.
   */
  readonly trustedProxies?: string | undefined
}

/**
 * The HTTP server without routes: request ids, authentication, permission, problems, OpenAPI at
 * `/openapi.json`. Nothing listens until `listen` is called. Register routes with `register`.
 */
export async function createShell(deps: ShellDeps) {
  const app = fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1024 * 1024,
    genReqId: () => `rq_${uuidv7(Date.now())}`,
    requestIdHeader: false,
    routerOptions: { maxParamLength: 512 },
    forceCloseConnections: true,
    trustProxy: deps.trustedProxies ?? false,
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply))
  app.decorateRequest('principal', undefined)
  app.decorateRequest('membership', undefined)
  const routeFacts: RouteFacts[] = []
  app.decorate('routeFacts', routeFacts)
  app.addHook('onRoute', (route) => {
    if (route.method === 'HEAD' || route.method === 'OPTIONS') return
    refuseUndeclared(route)
    routeFacts.push(factsOf(route))
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.header('request-id', request.id)
    await authorise(request, deps.authenticate)
  })
  await app.register(swagger, openapiOptions(deps.version))
  app.get('/openapi.json', { config: { open: 'nobody' }, schema: { hide: true } }, () =>
    app.swagger(),
  )
  return app
}

/** What {@link createShell} makes: Fastify whose schemas are zod's. */
export type Shell = Awaited<ReturnType<typeof createShell>>

async function authorise(request: FastifyRequest, authenticate: Authenticate): Promise<void> {
  const { permission, open, operator } = request.routeOptions.config
  if (open === 'nobody' || open === 'device' || (!permission && !open && !operator)) return
  const principal = await authenticate(request)
  if (!principal) throw new PulseError('registry.unauthenticated')
  request.principal = principal
  if (operator && !principal.operator) throw new PulseError('registry.operators-only')
  if (open === 'person' && principal.kind !== 'person') {
    throw new PulseError('registry.people-only')
  }
  if (permission) request.membership = permitted(principal, permission, wantedTenant(request))
}

const wantedTenant = ({ headers }: FastifyRequest): string | undefined => {
  const wanted = headers['pulse-tenant']
  return typeof wanted === 'string' ? wanted : undefined
}

/**
 * The membership by which `principal` may do this; `wanted` is the key of a tenant, needed only by
 * those who have several.
 */
export function permitted(
  { tenants }: Principal,
  permission: Permission,
  wanted: string | undefined,
): Membership {
  const membership =
    wanted === undefined && tenants.length === 1
      ? tenants[0]
      : tenants.find(({ key }) => key === wanted)
  if (!membership) throw new PulseError('registry.unknown-tenant')
  if (!membership.permissions.has(permission)) {
    throw new PulseError('registry.forbidden', { detail: `It needs ${permission}.` })
  }
  if (membership.suspended && !worksWhileSuspended(permission)) {
    throw new PulseError('registry.suspended')
  }
  return membership
}
