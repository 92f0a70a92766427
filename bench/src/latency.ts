import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Arrival, LoadNumbers, LoadResult } from '@pulse/simulator'
import type { BenchOptions } from './bench-options.ts'
import { deliveriesSettled } from './chaos-verdict.ts'
import { asOwner } from './database.ts'
import { startGenerator } from './generator.ts'
import { startServer } from './server.ts'
import { type Comparison, compareIds } from './stored.ts'
import { figure, printTable, rounded } from './table.ts'
import { HOT, makeWorld, type World } from './world.ts'

const PER_SECOND = 5000
/** A device is hot once in so many messages: 20 alerts open and 20 clear a second. */
const EVERY_NTH = 250
const WARM_UP_S = 5

interface Measured {
  readonly load: LoadResult
  readonly ids: Comparison
  /** Of openings and clearings alike, sorted. */
  readonly webhookMs: readonly number[]
}

/**
 * 5,000 messages a second, open loop: every latency counts from when a message was due, whether it
 * could leave then or not. Webhooks count from when the message was due that opened or cleared.
 */
export async function latency(options: BenchOptions): Promise<object> {
  const devices = options.devices ?? 10_000
  const world = await makeWorld(devices)
  try {
    return tell(await measure(world, options), devices)
  } finally {
    await world.remove()
  }
}

async function measure(world: World, { seconds }: BenchOptions): Promise<Measured> {
  const { folder, receiver } = world
  const server = await startServer({ folder })
  const owner = asOwner(await server.owner())
  try {
    const resultFile = join(folder, 'numbers.json')
    const generator = startGenerator(folder, {
      host: '127.0.0.1',
      port: server.mqttPort,
      devicesFile: world.devicesFile,
      run: 'latency',
      mode: { kind: 'open', perSecond: PER_SECOND },
      seconds: WARM_UP_S + seconds,
      warmupSeconds: WARM_UP_S,
      redeliver: false,
      hot: { ...HOT, everyNth: EVERY_NTH },
      resultFile,
    })
    await Promise.race([generator.started, generator.result])
    const measureFrom = Date.now() + WARM_UP_S * 1000
    const load = await generator.result
    await deliveriesSettled(owner)
    const ids = await compareIds(owner, JSON.parse(readFileSync(resultFile, 'utf8')) as LoadNumbers)
    return { load, ids, webhookMs: latenciesOf(receiver.arrivals.values(), measureFrom) }
  } finally {
    await owner.end()
    await server.stop()
  }
}

interface Told {
  readonly openedAt: string
  readonly clearedAt?: string
}

/** The generator dates each message by when it was due, and alerts bear the date of their message. */
function latenciesOf(arrivals: Iterable<Arrival>, fromMs: number): readonly number[] {
  const found: number[] = []
  for (const { at, body } of arrivals) {
    const { data } = body as { data: Told }
    const dueAt = Date.parse(data.clearedAt ?? data.openedAt)
    if (dueAt >= fromMs) found.push(at - dueAt)
  }
  return found.sort((a, b) => a - b)
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0

function tell({ load, ids, webhookMs }: Measured, devices: number): object {
  const { ackMs, lateMs } = load
  const ms = (p50: number, p99: number, max: number) =>
    `p50 ${figure(p50, 1)}  p99 ${figure(p99, 1)}  max ${figure(max, 1)} ms`
  const webhook = [0.5, 0.99, 1].map((share) => percentile(webhookMs, share))
  const [p50 = 0, p99 = 0, max = 0] = webhook
  printTable(`latency, ${figure(PER_SECOND)} msg/s open loop, ${figure(devices)} devices`, [
    ['publish to PUBACK', ms(ackMs.p50, ackMs.p99, ackMs.max)],
    ['of which the generator was late', ms(lateMs.p50, lateMs.p99, lateMs.max)],
    ['publish to webhook received', ms(p50, p99, max)],
    ['webhooks', figure(webhookMs.length)],
    ['acknowledged a second', figure(load.ackedPerSecond)],
    ['lost, duplicated, refused', `${ids.lost}, ${ids.duplicated}, ${load.refused}`],
    ['CPU, load generator', `${figure(load.cpu.microsecondsPerMessage, 1)} µs a message`],
  ])
  return {
    name: 'latency',
    ackP50Ms: rounded(ackMs.p50),
    ackP99Ms: rounded(ackMs.p99),
    webhookP99Ms: rounded(p99),
    lost: ids.lost,
  }
}
