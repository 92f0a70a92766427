import { type Config, PulseError } from '#platform'
import type { IdentityServiceDeps } from './service.ts'

type Configured = Pick<IdentityServiceDeps, 'clientId' | 'audience' | 'origin' | 'foreign'>

/** What the configuration says of signing in. `port`: where HTTP listens, 0 before it does. */
export function identityConfig(config: Config, port: () => number): Configured {
  return {
    clientId: config.oidcClientId,
    audience: config.oidcAudience,
    origin: () => originOf(config, port()),
    foreign:
      config.oidcIssuer === undefined
        ? undefined
        : {
            url: config.oidcIssuer,
            scope: config.oidcScope,
            mapping: {
              tenants: config.oidcTenantClaim,
              roles: config.oidcRolesClaim,
              roleNames: config.oidcRoleMap,
            },
          },
  }
}

/** An address that listens everywhere is no address that a browser can go to. */
const EVERYWHERE = ['0.0.0.0', '::']

function originOf({ publicUrl, host }: Config, port: number): string {
  if (publicUrl !== undefined) return new URL(publicUrl).origin
  if (port === 0) throw new PulseError('platform.unavailable', { retryAfterS: 1 })
  const name = EVERYWHERE.includes(host) ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
