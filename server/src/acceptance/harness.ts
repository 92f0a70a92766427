import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { type Clock, type Config, environmentMasterKey, readConfig, systemClock } from '#platform'
import { createApp, type PulseApp } from '../app.ts'
import {
  secretSeen,
  signInByForm,
  type TestDatabase,
  testDatabase,
  testLog,
  testMasterKey,
} from '../testing/index.ts'

const actor = { kind: 'system', id: 'test' } as const

/** A whole Pulse in this process, on a database of its own, with a tenant `acme`. */
export interface Harness {
  readonly app: PulseApp
  readonly db: TestDatabase
  readonly tenant: number
  readonly http: string
  /** Its data folder. */
  readonly data: string
  /** Registers devices of type `probe` and answers their tokens, by key. */
  enrol(...keys: string[]): Promise<Record<string, string>>
  /** A stock MQTT client of a device. */
  client(device: string, token: string, options?: IClientOptions): Promise<MqttClient>
  ingest(token: string, body: string | Buffer, headers?: Record<string, string>): Promise<Response>
  /** A bearer of a person of the tenant. */
  signIn(role?: 'viewer' | 'admin'): Promise<string>
  /** Stops this Pulse, runs `between`, and starts another on the same data. */
  restart(between?: () => Promise<unknown>): Promise<Harness>
  close(): Promise<void>
}

interface HarnessOptions {
  readonly clock?: Clock
  readonly masterKey?: string
  readonly config?: Partial<Config>
  /** Seconds of silence until `probe` devices are stale and offline. */
  readonly staleAfterS?: number
  readonly offlineAfterS?: number
}

export async function startPulse(options: HarnessOptions = {}): Promise<Harness> {
  const masterKey = options.masterKey ?? testMasterKey()
  const data = await mkdtemp(join(tmpdir(), 'pulse-data-'))
  const config = { data, ...options.config }
  return open(await testDatabase(), { ...options, masterKey, config })
}

async function open(db: TestDatabase, options: HarnessOptions): Promise<Harness> {
  const clock = options.clock ?? systemClock
  const config = {
    ...(readConfig(['--port', '0', '--mqtt-port', '0', '--no-demo'], {}) as Config),
    ...options.config,
  }
  const database = { facts: db.facts, stop: async () => {} }
  const onLost = (error: Error) => {
    throw error
  }
  const app = await createApp({
    config,
    clock,
    log: testLog,
    database,
    masterKey: environmentMasterKey(options.masterKey ?? ''),
    portal: '/nonexistent',
    onLost,
    passwordCost: { N: 2 ** 10, r: 8, p: 1 },
  })
  const listening = await app.start()
  const { tenants, devices, people } = app.registry
  const { id: tenant } = await tenants.createTenant({ key: 'acme', name: 'Acme' }, actor)
  const act = { tenant, actor }
  await devices.registerSite(act, { key: 'lab', name: 'Lab', lat: null, lon: null })
  await devices.registerType(act, {
    key: 'probe',
    name: 'Probe',
    staleAfterS: options.staleAfterS ?? 60,
    offlineAfterS: options.offlineAfterS ?? 120,
    metrics: [{ name: 'tempC', title: 'Temperature', unit: '°C' }],
  })
  const http = `http://127.0.0.1:${listening.http}`
  const clients: MqttClient[] = []
  return {
    app,
    db,
    tenant,
    http,
    data: config.data,
    async enrol(...keys) {
      await devices.registerDevices(
        act,
        keys.map((key) => ({ key, type: 'probe', site: 'lab' })),
      )
      const made = await devices.createTokens(act, keys)
      for (const { token } of made) secretSeen(token)
      return Object.fromEntries(made.map(({ device, token }) => [device, token]))
    },
    async client(device, token, more) {
      const client = await connectAsync({
        host: '127.0.0.1',
        port: listening.mqtt,
        username: `acme/${device}`,
        password: token,
        protocolVersion: 5,
        reconnectPeriod: 50,
        ...more,
      })
      clients.push(client)
      return client
    },
    ingest: (token, body, headers = {}) =>
      fetch(`${http}/v1/ingest`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...headers,
        },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      }),
    async signIn(role = 'admin') {
      const password = 'correct horse battery staple'
      await people.createPerson(tenant, { username: role, name: role, password, role }, actor)
      return (await signInByForm({ origin: http, username: role, password })).accessToken
    },
    async restart(between) {
      await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
      await app.close()
      await between?.()
      // At the same address: what was handed out there goes on.
      return open(db, { ...options, config: { ...options.config, port: listening.http } })
    },
    async close() {
      await Promise.all(clients.map((client) => client.endAsync(true)))
      await app.close()
      await db.drop()
      await rm(config.data, { recursive: true, force: true })
    },
  }
}

/** Waits until `check` gives something, asking again and again; fails after `withinMs`. */
export async function eventually<T>(
  check: () => Promise<T | undefined | false>,
  withinMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const found = await check()
    if (found !== undefined && found !== false) return found
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${check.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

export const envelope = (fields: object, metrics: object = { tempC: 21.5 }): string =>
  JSON.stringify({ v: 1, type: 'telemetry', ...fields, data: { metrics } })
