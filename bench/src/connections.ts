import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { BenchOptions } from './bench-options.ts'
import { benchCertificate } from './certificate.ts'
import { type Generator, startGenerator } from './generator.ts'
import { startServer } from './server.ts'
import { figure, printTable, rounded } from './table.ts'
import { makeWorld, type World } from './world.ts'

/** Until what the connecting left behind has settled. */
const SETTLE_MS = 3000
/** Connections that come and go before anything is measured: code gets warm and pools grow once. */
const WARM_UP = 200
/**
 * So many are connected already when counting begins: what the process grows by once, whoever
 * connects (the young generation of the heap above all), is no connection's. It is told apart.
 */
const BEFORE = 5000
/** Longer than it takes to look. */
const HOLD_S = 60

interface Measured {
  /** What each of the counted ones adds. */
  readonly kilobytesPerConnection: number
  /** The growth of the whole process from before the first one, shared out among all. */
  readonly kilobytesFromFresh: number
  readonly connectSeconds: number
}

/**
 * Resident memory of an idle connection, after garbage collection: what 10,000 more add to a server
 * that holds some. Plain TCP, and TLS beside it.
 */
export async function connections(options: BenchOptions): Promise<object> {
  const count = options.devices ?? 10_000
  const world = await makeWorld(BEFORE + count)
  try {
    const tcp = await measure(world, 'tcp')
    const tls = await measure(world, 'tls')
    return tell(count, tcp, tls)
  } finally {
    await world.remove()
  }
}

/** Each on a server of its own: memory that was freed does not return to the system. */
async function measure(world: World, transport: 'tcp' | 'tls'): Promise<Measured> {
  const { folder } = world
  const server = await startServer({ folder, args: certificateArgs(folder) })
  try {
    const common = {
      host: '127.0.0.1',
      port: transport === 'tls' ? (server.mqttsPort ?? 0) : server.mqttPort,
      ...(transport === 'tls' && { tls: { insecure: true } }),
      mode: { kind: 'idle' },
      redeliver: false,
      seconds: HOLD_S,
    } as const
    const [some, counted] = [world.devices.slice(0, BEFORE), world.devices.slice(BEFORE)]
    const warm = { ...common, devices: some.slice(0, WARM_UP), run: 'warm', seconds: 1 } as const
    await startGenerator(folder, warm).result
    const fresh = await server.memory()
    const first = startGenerator(folder, { ...common, devices: some, run: `${transport}-before` })
    await connectedAll(first)
    const before = await server.memory()
    const second = startGenerator(folder, { ...common, devices: counted, run: transport })
    const connectSeconds = await connectedAll(second)
    const after = await server.memory()
    for (const generator of [first, second]) generator.finish()
    await Promise.all([first.result, second.result])
    return {
      kilobytesPerConnection: (after.rss - before.rss) / 1024 / counted.length,
      kilobytesFromFresh: (after.rss - fresh.rss) / 1024 / world.devices.length,
      connectSeconds,
    }
  } finally {
    await server.stop()
  }
}

/** Seconds until all have connected; waits until what the connecting left behind has settled. */
async function connectedAll({ connected, result }: Generator): Promise<number> {
  const seconds = await Promise.race([connected, result.then((end) => end.connectSeconds)])
  await wait(SETTLE_MS)
  return seconds
}

function certificateArgs(folder: string): readonly string[] {
  const files = { cert: join(folder, 'bench.crt'), key: join(folder, 'bench.key') }
  writeFileSync(files.cert, benchCertificate.cert)
  writeFileSync(files.key, benchCertificate.key, { mode: 0o600 })
  return ['--tls-cert', files.cert, '--tls-key', files.key, '--mqtts-port', '0']
}

function tell(count: number, tcp: Measured, tls: Measured): object {
  const row = (measured: Measured) =>
    `${figure(measured.kilobytesPerConnection, 1)} KB each ` +
    `(${figure(measured.kilobytesFromFresh, 1)} KB from a fresh process), ` +
    `all connected in ${figure(measured.connectSeconds, 1)} s`
  printTable(`connections, ${figure(count)} idle beside ${figure(BEFORE)}`, [
    ['MQTT over TCP', row(tcp)],
    ['MQTT over TLS', row(tls)],
  ])
  const facts = (measured: Measured) => ({
    kilobytesPerConnection: rounded(measured.kilobytesPerConnection),
    kilobytesFromFresh: rounded(measured.kilobytesFromFresh),
    connectSeconds: rounded(measured.connectSeconds),
  })
  return { name: 'connections', connections: count, ...facts(tcp), tls: facts(tls) }
}
