import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createApp,
  createLog,
  masterKeySource,
  openEmbedded,
  type PulseApp,
  readConfig,
  systemClock,
} from '@pulse/server'
import { type LoadDevice, type Receiver, startReceiver } from '@pulse/simulator'

const TENANT = 'bench'
const RULE = 'too-hot'
const DESTINATION = 'receiver'
/** Above what any usual reading of the load generator is, and below the hot one. */
export const HOT = { metric: 'tempC', value: 95 } as const
const WHEN = 'metrics.tempC > 90.0'
const actor = { kind: 'system', id: 'bench' } as const

/** A data folder with a tenant, devices, a rule on each of them, and a receiver of its webhooks. */
export interface World {
  readonly folder: string
  /** JSON file of the devices and their tokens, as the load generator takes it. */
  readonly devicesFile: string
  readonly devices: readonly LoadDevice[]
  readonly receiver: Receiver
  remove(): Promise<void>
}

/** Makes a world on a fresh data folder. Nothing runs on the folder when it resolves. */
export async function makeWorld(deviceCount: number): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-bench-'))
  // As root, PostgreSQL runs as another user, who must pass through.
  await chmod(folder, 0o711)
  const receiver = await startReceiver()
  const devices = await fill(folder, deviceCount, receiver)
  const devicesFile = join(folder, 'devices.json')
  await writeFile(devicesFile, JSON.stringify(devices), { mode: 0o600 })
  return {
    folder,
    devicesFile,
    devices,
    receiver,
    async remove() {
      await receiver.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function fill(folder: string, count: number, receiver: Receiver): Promise<LoadDevice[]> {
  const config = readConfig(['--data', folder, '--no-demo'], {})
  if (config === 'help') throw new Error('a configuration was expected')
  const log = createLog('error')
  const database = await openEmbedded(folder, log)
  const app = await createApp({
    config,
    clock: systemClock,
    log,
    database,
    masterKey: masterKeySource(config, {}),
    portal: '/nonexistent',
    onLost: (error) => {
      throw error
    },
  })
  try {
    await app.openVault()
    return await register(app, count, receiver)
  } finally {
    await app.close()
    await database.stop()
  }
}

async function register(app: PulseApp, count: number, receiver: Receiver): Promise<LoadDevice[]> {
  const { id } = await app.registry.tenants.createTenant({ key: TENANT, name: 'Bench' }, actor)
  const act = { tenant: id, actor }
  const { devices } = app.registry
  await devices.registerType(act, {
    key: 'probe',
    name: 'Probe',
    staleAfterS: 3600,
    offlineAfterS: 7200,
    metrics: [{ name: HOT.metric, title: 'Temperature', unit: '°C' }],
  })
  const keys = Array.from({ length: count }, (_, index) => `d${index}`)
  await devices.registerDevices(
    act,
    keys.map((key) => ({ key, type: 'probe' })),
  )
  const secret = `whsec_${Buffer.from('a bench has no secrets..').toString('base64')}`
  receiver.useSecret(secret)
  const { url } = receiver
  const destination = { key: DESTINATION, name: 'Receiver', url, secret, privateAllowed: true }
  await app.actions.putDestination(act, destination)
  await app.rules.putRule(act, {
    pulse: 'rule/v1',
    key: RULE,
    title: 'Too hot',
    severity: 'warning',
    kind: 'threshold',
    selector: '',
    when: WHEN,
    notify: [DESTINATION],
  })
  const tokens = await devices.createTokens(act, keys)
  return tokens.map(({ device, token }) => ({ tenant: TENANT, key: device, token }))
}
