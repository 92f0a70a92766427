import { randomBytes } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demoFleet, startFleet, startReceiver } from '@pulse/simulator'
import type { Config, Log } from '#platform'
import type { PulseApp } from './app.ts'
import { type DemoAccount, demoAccounts, makeAccounts } from './demo-people.ts'
import type { Listening } from './listening.ts'

const TENANT = { key: 'demo', name: 'Northwind Power', region: 'us-west-2' }
/** A small one beside it: two devices that have yet to speak. */
const SECOND = { key: 'demo-2', name: 'Contoso Water', region: 'us-east-1' }
const SECOND_TYPE = {
  key: 'pump',
  name: 'Pump station',
  staleAfterS: 300,
  offlineAfterS: 900,
  metrics: [{ name: 'flowLps', title: 'Flow', unit: 'l/s' }],
}
const SECOND_DEVICES = ['pump-north', 'pump-south'].map((key) => ({ key, type: SECOND_TYPE.key }))
const BENCH = { key: 'bench-01', name: 'Your first device', type: 'environment', site: 'reno-1' }
const actor = { kind: 'system', id: 'demo' } as const

/** What the demo's owner needs; kept in `demo.json`, readable by the owner alone. */
export interface DemoFacts {
  readonly url: string
  /** The admin of the demo tenant. */
  readonly username: string
  readonly password: string
  /** Everybody: an operator of the platform, and one of each role. */
  readonly accounts: readonly DemoAccount[]
  readonly mqttPort: number
  readonly bench: { readonly username: string; readonly token: string }
}

interface Kept {
  readonly accounts: readonly DemoAccount[]
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
  const kept: Kept = {
    accounts: demoAccounts(before?.accounts ?? []),
    webhookSecret: before?.webhookSecret ?? `whsec_${randomBytes(24).toString('base64')}`,
    tokens: before?.tokens ?? {},
  }
  const { tenants } = app.registry
  const { id: tenant } = await tenants.createTenant(TENANT, actor)
  const { id: second } = await tenants.createTenant(SECOND, actor)
  const receiver = await startReceiver({ host: '127.0.0.1', port: 0, secret: kept.webhookSecret })
  // At once: to hash passwords takes other threads a while.
  const [tokens] = await Promise.all([
    registerAll(app, tenant, kept, receiver.url),
    makeAccounts(app, kept.accounts, { first: tenant, second }),
    registerSecond(app, second),
  ])
  const facts = {
    url: `http://${config.host}:${listening.http}/`,
    ...adminOf(kept.accounts),
    accounts: kept.accounts,
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

function adminOf(accounts: readonly DemoAccount[]) {
  const admin = accounts.find(({ role }) => role === 'admin')
  if (!admin) throw new Error('the demo has no admin')
  return { username: admin.username, password: admin.password }
}

/** What an earlier start kept; one of an earlier version knew the admin only. */
async function readKept(file: string): Promise<Kept | undefined> {
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as Kept & Omit<DemoAccount, 'role'>
    const { username, password } = kept
    return { ...kept, accounts: kept.accounts ?? [{ username, password, name: '', role: 'admin' }] }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function registerSecond(app: PulseApp, tenant: number): Promise<void> {
  const act = { tenant, actor }
  await app.registry.devices.registerType(act, SECOND_TYPE)
  await app.registry.devices.registerDevices(act, SECOND_DEVICES)
}

/** Registers the demo's plan; what is there already stays. Answers the tokens of all devices. */
async function registerAll(
  app: PulseApp,
  tenant: number,
  kept: Kept,
  url: string,
): Promise<Record<string, string>> {
  const act = { tenant, actor }
  const { devices } = app.registry
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
