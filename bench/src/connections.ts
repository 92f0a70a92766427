import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { BenchOptions } from './bench-options.ts'
import { benchCertificate } from './certificate.ts'
import { startGenerator } from './generator.ts'
import { startServer } from './server.ts'
import { figure, printTable, rounded } from './table.ts'
import { makeWorld, type World } from './world.ts'

/** Until what the connecting left behind has settled. */
const SETTLE_MS = 3000
/** Connections that come and go before: code gets warm and pools grow once. */
const WARM_UP = 200
/** Longer than it takes to look. */
const HOLD_S = 30

interface Measured {
  readonly kilobytesPerConnection: number
  readonly connectSeconds: number
}

/** Resident memory of an idle connection, after garbage collection: plain TCP, and TLS beside it. */
export async function connections(options: BenchOptions): Promise<object> {
  const count = options.devices ?? 10_000
  const world = await makeWorld(count)
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
    } as const
    const first = world.devices.slice(0, WARM_UP)
    await startGenerator(folder, { ...common, devices: first, run: 'warm', seconds: 1 }).result
    const before = await server.memory()
    const all = { devicesFile: world.devicesFile, run: transport, seconds: HOLD_S }
    const generator = startGenerator(folder, { ...common, ...all })
    const connectSeconds = await Promise.race([
      generator.connected,
      generator.result.then((result) => result.connectSeconds),
    ])
    await wait(SETTLE_MS)
    const after = await server.memory()
    generator.finish()
    await generator.result
    const kilobytes = (after.rss - before.rss) / 1024
    return { kilobytesPerConnection: kilobytes / world.devices.length, connectSeconds }
  } finally {
    await server.stop()
  }
}

function certificateArgs(folder: string): readonly string[] {
  const files = { cert: join(folder, 'bench.crt'), key: join(folder, 'bench.key') }
  writeFileSync(files.cert, benchCertificate.cert)
  writeFileSync(files.key, benchCertificate.key, { mode: 0o600 })
  return ['--tls-cert', files.cert, '--tls-key', files.key, '--mqtts-port', '0']
}

function tell(count: number, tcp: Measured, tls: Measured): object {
  const row = ({ kilobytesPerConnection, connectSeconds }: Measured) =>
    `${figure(kilobytesPerConnection, 1)} KB each, all connected in ${figure(connectSeconds, 1)} s`
  printTable(`connections, ${figure(count)} idle`, [
    ['MQTT over TCP', row(tcp)],
    ['MQTT over TLS', row(tls)],
  ])
  return {
    name: 'connections',
    connections: count,
    kilobytesPerConnection: rounded(tcp.kilobytesPerConnection),
    connectSeconds: rounded(tcp.connectSeconds),
    tls: {
      kilobytesPerConnection: rounded(tls.kilobytesPerConnection),
      connectSeconds: rounded(tls.connectSeconds),
    },
  }
}
