import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ConnectionFacts } from '@pulse/server'
import type { LoadNumbers, LoadResult } from '@pulse/simulator'
import type { BenchOptions } from './bench-options.ts'
import { copyCeiling } from './copy-ceiling.ts'
import { asOwner, checkpoint, checkpointsDone } from './database.ts'
import { type Cost, costBetween, readGauge } from './gauge.ts'
import { type Generator, startGenerator } from './generator.ts'
import { startServer } from './server.ts'
import { type Comparison, compareIds } from './stored.ts'
import { figure, printTable, rounded } from './table.ts'
import { HOT, makeWorld, type World } from './world.ts'

const LANES = 2
/** In flight over all connections: several batches for each lane. */
const IN_FLIGHT = 20_000
/** And on each: what a gateway in earnest sends in one write, so that system calls are not all. */
const LEAST_WINDOW = 8
const WARM_UP_S = 5
const CEILING_S = 10
/** One reading in so many opens an alert, the next one clears it: messages are what is measured. */
const HOT_ONCE_IN = 10_000

interface Measured {
  readonly load: LoadResult
  readonly ids: Comparison
  readonly ceiling: number
  readonly cost: Cost
  readonly checkpoints: number
  readonly alerts: number
}

/**
 * As many messages as go, closed loop, QoS 1, each with an id, a rule evaluated on each, with a
 * checkpoint in the middle; then a bare `copy` into the same table.
 */
export async function ingest(options: BenchOptions): Promise<object> {
  const devices = options.devices ?? 10_000
  const world = await makeWorld(devices)
  try {
    const measured = await measure(world, options)
    show(measured, devices)
    return factsOf(measured, devices)
  } finally {
    await world.remove()
  }
}

async function measure(world: World, { seconds, inFlight }: BenchOptions): Promise<Measured> {
  const { folder } = world
  const server = await startServer({ folder, args: ['--lanes', String(LANES)] })
  const facts = await server.owner()
  const owner = asOwner(facts)
  try {
    const resultFile = join(folder, 'numbers.json')
    const generator = startGenerator(folder, {
      host: '127.0.0.1',
      port: server.mqttPort,
      devicesFile: world.devicesFile,
      run: 'ingest',
      mode: { kind: 'closed', window: windowOf(inFlight, world.devices.length) },
      seconds: WARM_UP_S + seconds,
      warmupSeconds: WARM_UP_S,
      redeliver: false,
      hot: { ...HOT, everyNth: HOT_ONCE_IN },
      resultFile,
    })
    await Promise.race([generator.started, generator.result])
    await wait(WARM_UP_S * 1000)
    const before = await readGauge(server, folder)
    const doneBefore = await checkpointsDone(owner)
    await checkpointInTheMiddle({ folder, facts, generator, seconds })
    const after = await readGauge(server, folder)
    const load = await generator.result
    const checkpoints = (await checkpointsDone(owner)) - doneBefore
    const numbers = JSON.parse(readFileSync(resultFile, 'utf8')) as LoadNumbers
    const ids = await compareIds(owner, numbers)
    const [row] = await owner<{ alerts: number }[]>`
      select count(*)::bigint as alerts from rules.alert`
    const ceiling = await copyCeiling(facts, CEILING_S)
    const cost = costBetween(before, after)
    return { load, ids, ceiling, cost, checkpoints, alerts: row?.alerts ?? 0 }
  } finally {
    await owner.end()
    await server.stop()
  }
}

/** Messages in flight on each connection. */
const windowOf = (inFlight: number | undefined, connections: number): number =>
  inFlight === undefined
    ? Math.max(LEAST_WINDOW, Math.round(IN_FLIGHT / connections))
    : Math.max(1, Math.round(inFlight / connections))

interface Middle {
  readonly folder: string
  readonly facts: ConnectionFacts
  readonly generator: Generator
  readonly seconds: number
}

/** Makes a checkpoint half-way, and resolves when the sending is about to end. */
async function checkpointInTheMiddle({ folder, facts, generator, seconds }: Middle): Promise<void> {
  await Promise.race([wait(seconds * 500), generator.result])
  const made = checkpoint(folder, facts)
  await Promise.race([wait(seconds * 500 - 200), generator.result])
  await made
}

function show({ load, ids, ceiling, cost, checkpoints, alerts }: Measured, devices: number): void {
  const micros = (value: number) => `${figure(value, 1)} µs a message`
  printTable(`ingest, ${figure(devices)} devices, ${figure(load.seconds)} s`, [
    ['acknowledged a second', figure(load.ackedPerSecond)],
    ['bare copy, rows a second', figure(ceiling)],
    ['ratio', figure(load.ackedPerSecond / ceiling, 2)],
    ['acknowledged, stored', `${figure(ids.acked)}, ${figure(ids.stored)}`],
    ['lost, duplicated, refused', `${ids.lost}, ${ids.duplicated}, ${load.refused}`],
    [
      'publish to PUBACK',
      `p50 ${figure(load.ackMs.p50, 1)} ms, p99 ${figure(load.ackMs.p99, 1)} ms`,
    ],
    ['in flight, lanes', `${figure(load.window)}, ${LANES}`],
    ['checkpoints meanwhile', figure(checkpoints)],
    ['alerts opened', figure(alerts)],
    ['rows a batch', figure(cost.rowsPerBatch)],
    ['CPU, server', micros(cost.server)],
    ['of it in plan (all stages)', micros(cost.plan)],
    ['of it in apply and settle', micros(cost.apply)],
    ['CPU, PostgreSQL', micros(cost.postgres)],
    ['CPU, load generator', micros(load.cpu.microsecondsPerMessage)],
    ['lanes wait for load', micros(cost.loadWait)],
    ['lanes wait for write, commit', micros(cost.writeWait)],
  ])
}

function factsOf({ load, ids, ceiling, cost, checkpoints }: Measured, devices: number): object {
  return {
    name: 'ingest',
    ackedPerSecond: Math.round(load.ackedPerSecond),
    copyCeilingPerSecond: Math.round(ceiling),
    ratioToCeiling: rounded(load.ackedPerSecond / ceiling, 3),
    acked: ids.acked,
    stored: ids.stored,
    lost: ids.lost,
    duplicated: ids.duplicated,
    p50AckMs: rounded(load.ackMs.p50),
    p99AckMs: rounded(load.ackMs.p99),
    devices,
    inFlight: load.window,
    lanes: LANES,
    checkpoints,
    cpuMicrosPerMessage: {
      server: rounded(cost.server),
      plan: rounded(cost.plan),
      apply: rounded(cost.apply),
      postgres: rounded(cost.postgres),
      generator: rounded(load.cpu.microsecondsPerMessage),
    },
  }
}
