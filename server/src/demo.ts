import { randomBytes } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demoFleet, startFleet, startReceiver } from '@pulse/simulator'
import type { Config, Log } from '#platform'
import type { Listening, PulseApp } from './app.ts'

const TENANT = { key: 'demo', name: 'Northwind Power', region: 'us-west-2' }
const BENCH = { key: 'bench-01', name: 'Your first device', type: 'environment', site: 'reno-1' }
const actor = { kind: 'system', id: 'demo' } as const

/** What the demo's owner needs; kept in `demo.json`, readable by the owner alone. */
export interface DemoFacts {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly mqttPort: number
  readonly bench: { readonly username: string; readonly token: string }
}

interface Kept {
  readonly username: string
  readonly password: string
  readonly webhookSecret: string
  readonly tokens: Readonly<Record<string, string>>
}

export interface Demo {
  readonly facts: DemoFacts
  stop(): Promise<void>
}

/** Makes the demo tenant on the first start, and starts its fleet and its receiver of webhooks. */
export async function startDemo(deps: {
  readonly app: PulseApp
  readonly config: Config
  readonly listening: Listening
  readonly log: Log
}): Promise<Demo> {
  const { app, config, listening, log } = deps
  const file = join(config.data, 'demo.json')
  const before = await readKept(file)
  const kept = before ?? {
    username: 'demo',
    password: randomBytes(12).toString('base64url'),
    webhookSecret: `whsec_${randomBytes(24).toString('base64')}`,
    tokens: {},
  }
  const { id: tenant } = await app.registry.tenants.createTenant(TENANT, actor)
  const receiver = await startReceiver({ host: '127.0.0.1', port: 0, secret: kept.webhookSecret })
  const tokens = await registerAll(app, tenant, kept, receiver.url)
  const facts = {
    url: `http://${config.host}:${listening.http}/`,
    username: kept.username,
    password: kept.password,
    mqttPort: listening.mqtt,
    bench: { username: `${TENANT.key}/${BENCH.key}`, token: tokens[BENCH.key] ?? '' },
  }
  await writeFile(file, JSON.stringify({ ...kept, tokens, ...facts }, null, 2), { mode: 0o600 })
  await chmod(file, 0o600)
  const fleet = startFleet({
    endpoint: { host: config.host, port: listening.mqtt },
    tenant: TENANT.key,
    devices: demoFleet.devices.map((device) => ({ ...device, token: tokens[device.key] ?? '' })),
    backfill: before === undefined,
    log: {
      info: (facts, text) => log.debug(facts, text),
      warn: (facts, text) => log.info(facts, text),
    },
  })
  return {
    facts,
    async stop() {
      await fleet.stop()
      await receiver.stop()
    },
  }
}

async function readKept(file: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Kept
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Registers the demo's plan; what is there already stays. Answers the tokens of all devices. */
async function registerAll(
  app: PulseApp,
  tenant: number,
  kept: Kept,
  url: string,
): Promise<Record<string, string>> {
  const act = { tenant, actor }
  const { devices, people } = app.registry
  await people.createPerson(
    tenant,
    { username: kept.username, name: 'Morgan Ortiz', password: kept.password, role: 'admin' },
    actor,
  )
  for (const site of demoFleet.sites) await devices.registerSite(act, site)
  for (const type of demoFleet.deviceTypes) await devices.registerType(act, type)
  await devices.registerDevices(act, [...demoFleet.devices, BENCH])
  const { key, name } = demoFleet.destination
  await app.actions.putDestination(act, {
    key,
    name,
    url,
    privateAllowed: true,
    secret: kept.webhookSecret,
  })
  for (const rule of demoFleet.rules) await app.rules.putRule(act, rule)
  const wanted = [...demoFleet.devices, BENCH]
    .map(({ key }) => key)
    .filter((key) => !kept.tokens[key])
  const made = wanted.length === 0 ? [] : await devices.createTokens(act, wanted)
  return { ...kept.tokens, ...Object.fromEntries(made.map(({ device, token }) => [device, token])) }
}
