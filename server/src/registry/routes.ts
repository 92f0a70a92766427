import type { Shell } from '#platform'
import { apiKeyRoutes } from './api-keys-routes.ts'
import { deviceRoutes, tokenRoutes } from './device-routes.ts'
import { invitationRoutes, offerRoutes } from './invitations-routes.ts'
import { memberRoutes } from './members-routes.ts'
import { personLockRoutes } from './people-locks-routes.ts'
import type { Registry } from './registry.ts'
import { roleRoutes } from './roles-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { tenantRoutes } from './tenants-routes.ts'

/** Routes of sessions, people, roles, invitations, API keys, sites, types, devices and tokens. */
export function registryRoutes(app: Shell, registry: Registry): void {
  sessionRoutes(app, registry)
  tenantRoutes(app, registry)
  memberRoutes(app, registry)
  personLockRoutes(app, registry)
  roleRoutes(app, registry)
  invitationRoutes(app, registry)
  offerRoutes(app, registry)
  apiKeyRoutes(app, registry)
  deviceRoutes(app, registry)
  tokenRoutes(app, registry)
}
