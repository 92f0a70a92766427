import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65_535)

const roleMap = z
  .string()
  .regex(/^[^=,]+=[^=,]+(,[^=,]+=[^=,]+)*$/, 'write theirs=ours, several with commas')
  .transform(
    (text) =>
      new Map(
        text
          .split(',')
          .map((pair) => pair.split('=').map((name) => name.trim()) as [string, string]),
      ),
  )

const configSchema = z.object({
  host: z.string().default('127.0.0.1'),
  port: port.default(8080),
  mqttPort: port.default(1883),
  /** MQTT over TLS listens when a certificate and its key are given. */
  mqttsPort: port.default(8883),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
  data: z.string().default('.pulse'),
  /** Which cell this installation is; tenants that are made here belong to it. */
  cell: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use 1 to 63 of a-z0-9-')
    .default('cell-1'),
  /** A file with the master key, instead of `master.key` in the data folder. */
  masterKeyFile: z.string().optional(),
  /** Refuses to start with a missing, weak or default secret. */
  production: z.boolean().default(false),
  /** Where people and devices find this Pulse, as they see it: behind a proxy, its address. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Addresses or networks of proxies in front, which are believed about where a request comes from. */
  trustedProxies: z.string().min(1).optional(),
  /** Issuer of an identity provider of one's own; without it people sign in at Pulse's own. */
  oidcIssuer: z.url({ protocol: /^https?$/ }).optional(),
  /** In production: that people sign in at Pulse's own provider is meant, not forgotten. */
  oidcEmbedded: z.boolean().default(false),
  oidcClientId: z.string().min(1).default('pulse-portal'),
  /** What access tokens must be for. */
  oidcAudience: z.string().min(1).default('pulse-api'),
  oidcScope: z.string().min(1).default('openid profile email'),
  /** Claims that name tenants and roles; dots go into objects. */
  oidcTenantClaim: z.string().min(1).default('tenant'),
  oidcRolesClaim: z.string().min(1).default('roles'),
  /** The issuer's names of roles to Pulse's: `eng=engineer,ops=admin`. */
  oidcRoleMap: roleMap.default(new Map()),
  /** Whoever has this role at the issuer runs the platform. */
  oidcOperatorRole: z.string().min(1).optional(),
  demo: z.boolean().default(true),
  lanes: z.coerce.number().int().min(1).max(16).default(2),
  logLevel: z.enum(['silent', 'error', 'warn', 'info', 'debug', 'trace']).default('warn'),
  /** Accept rate of one device and of one tenant, messages per second. */
  deviceRate: z.coerce.number().positive().default(1000),
  tenantRate: z.coerce.number().positive().default(200_000),
})

/** What a start of Pulse can be told, by flag or by `PULSE_*`. */
export type Config = z.infer<typeof configSchema>

export const CONFIG_HELP = `Usage: npm start -- [flags]
  --port 8080        HTTP API and portal      (PULSE_PORT)
  --mqtt-port 1883   MQTT                     (PULSE_MQTT_PORT)
  --mqtts-port 8883  MQTT over TLS, with --tls-cert and --tls-key (PEM files)
  --host 127.0.0.1   address to listen on     (PULSE_HOST)
  --data .pulse      where everything lies    (PULSE_DATA)
  --cell cell-1      which cell this is       (PULSE_CELL)
  --master-key-file  file with the master key (PULSE_MASTER_KEY_FILE; or the key in PULSE_MASTER_KEY)
  --public-url       https://… as people see it (PULSE_PUBLIC_URL)
  --trusted-proxies  10.0.0.0/8,… that say where a request comes from (PULSE_TRUSTED_PROXIES)
  --oidc-issuer      https://… to sign in at an identity provider of your own (PULSE_OIDC_ISSUER;
                     the rest of --oidc-… is in docs/identity.md)
  --oidc-embedded    say that Pulse keeps the accounts, in production (PULSE_OIDC_EMBEDDED=true)
  --production       refuse missing, weak and default secrets (PULSE_PRODUCTION=true)
  --no-demo          start without the demo tenant and its fleet (PULSE_DEMO=false)
  --log-level warn   silent error warn info debug trace
  --lanes 2  --device-rate 1000  --tenant-rate 200000`

const names = {
  host: 'host',
  port: 'port',
  'mqtt-port': 'mqttPort',
  'mqtts-port': 'mqttsPort',
  'tls-cert': 'tlsCert',
  'tls-key': 'tlsKey',
  data: 'data',
  cell: 'cell',
  'master-key-file': 'masterKeyFile',
  'public-url': 'publicUrl',
  'trusted-proxies': 'trustedProxies',
  'oidc-issuer': 'oidcIssuer',
  'oidc-client-id': 'oidcClientId',
  'oidc-audience': 'oidcAudience',
  'oidc-scope': 'oidcScope',
  'oidc-tenant-claim': 'oidcTenantClaim',
  'oidc-roles-claim': 'oidcRolesClaim',
  'oidc-role-map': 'oidcRoleMap',
  'oidc-operator-role': 'oidcOperatorRole',
  lanes: 'lanes',
  'log-level': 'logLevel',
  'device-rate': 'deviceRate',
  'tenant-rate': 'tenantRate',
} as const

/**
 * Reads the configuration from flags and the environment; flags win.
 * @throws an error whose message names the flag and what it takes.
 */
export function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Config | 'help' {
  const options = Object.fromEntries(
    Object.keys(names).map((name) => [name, { type: 'string' as const }]),
  )
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...options,
      'no-demo': { type: 'boolean' },
      production: { type: 'boolean' },
      'oidc-embedded': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values['help']) return 'help'
  const raw: Record<string, unknown> = {}
  for (const [flag, field] of Object.entries(names)) {
    const fromEnv = env[`PULSE_${flag.replaceAll('-', '_').toUpperCase()}`]
    const value =
      (values as Record<string, unknown>)[flag] ?? (fromEnv === '' ? undefined : fromEnv)
    if (value !== undefined) raw[field] = value
  }
  raw['production'] = values['production'] ?? isYes(env['PULSE_PRODUCTION'])
  raw['oidcEmbedded'] = values['oidc-embedded'] ?? isYes(env['PULSE_OIDC_EMBEDDED'])
  raw['demo'] = !(values['no-demo'] ?? ['false', '0', 'no'].includes(env['PULSE_DEMO'] ?? ''))
  const parsed = configSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = String(issue?.path[0])
  const flag = Object.entries(names).find(([, name]) => name === field)?.[0] ?? field
  throw new Error(`--${flag} is wrong: ${issue?.message}`)
}

const isYes = (text: string | undefined): boolean => ['true', '1', 'yes'].includes(text ?? '')

/** Reads a PEM file that a flag names. */
export const readPem = (path: string): Buffer => readFileSync(path)
