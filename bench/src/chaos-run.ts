import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { LoadNumbers, LoadResult } from '@pulse/simulator'
import { Keeper, type Kill, kills, type Scene, strike } from './chaos-kills.ts'
import { deliveriesSettled, judge, type Verdict, type Witness } from './chaos-verdict.ts'
import { asOwner } from './database.ts'
import { type Generator, type Progress, startGenerator } from './generator.ts'
import { createRandom, shuffled } from './random.ts'
import { HOT, makeWorld, type World } from './world.ts'

export interface ChaosOptions {
  readonly rounds: number
  /** Makes the order and the moments of the kills. */
  readonly seed: number
  readonly perSecond: number
  readonly devices: number
  /** Instead of all in random order. */
  readonly kills?: readonly Kill[]
  /** Told of each kill and each recovery. */
  readonly say: (text: string) => void
}

export interface ChaosReport {
  readonly verdict: Verdict
  readonly witness: Witness
  readonly load: LoadResult
  readonly starts: number
  /** From each kill until messages were acknowledged again at their rate; seconds. */
  readonly recoverySeconds: readonly number[]
}

const RUN = 'chaos'
/** A device is hot once in so many messages: 20 alerts a second at 5,000 messages. */
const EVERY_NTH = 250
/** From the start of the generator until its timestamps pass midnight: the first kill is then. */
const MIDNIGHT_AFTER_MS = 8000
/** How long before that midnight the first kill is, at most. */
const BEFORE_MIDNIGHT_MS = 200
const RECOVERED_WITHIN_MS = 60_000
/** Traffic between recovery and the next kill. */
const CALM_MS = { least: 300, most: 2500 }
const DAY_MS = 86_400_000

/**
 * Kills parts of a Pulse under load, lets it come back by itself, and judges what was lost. The
 * first kill is just before a UTC midnight of the messages' timestamps, so that what is redelivered
 * lies on both sides of it.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const world = await makeWorld(options.devices)
  const keeper = new Keeper(world.folder, await freePort())
  let generator: Generator | undefined
  let failed = false
  try {
    const { mqttPort } = await keeper.server()
    const midnightAt = Date.now() + MIDNIGHT_AFTER_MS
    const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS
    generator = startGenerator(world.folder, {
      ...loadOf(world, options),
      port: mqttPort,
      tsOffsetMs: midnight - midnightAt,
    })
    const random = createRandom(options.seed)
    const recoverySeconds = await play({ ...options, world, keeper, generator, random, midnightAt })
    generator.finish()
    const load = await generator.result
    const owner = asOwner(await (await keeper.server()).owner())
    try {
      await deliveriesSettled(owner)
      const { folder, receiver } = world
      const numbers = JSON.parse(readFileSync(join(folder, 'numbers.json'), 'utf8')) as LoadNumbers
      const found = await judge({
        owner,
        ledger: join(folder, 'ledger'),
        numbers,
        hot: { ...HOT, everyNth: EVERY_NTH },
        arrivals: receiver.arrivals,
        midnight,
      })
      return { ...parted(found), load, starts: keeper.starts, recoverySeconds }
    } finally {
      await owner.end()
    }
  } catch (error) {
    failed = true
    options.say(`${String(error)}\n${await lookAt(keeper)}\nkept for a look: ${world.folder}`)
    throw error
  } finally {
    generator?.finish()
    await keeper.stop()
    await (failed ? world.receiver.stop() : world.remove())
  }
}

/** What the server is at, for whoever looks for the fault. */
async function lookAt(keeper: Keeper): Promise<string> {
  const look = keeper.server().then((server) => server.stats())
  const silence = wait(5000, 'the server does not answer')
  return JSON.stringify(await Promise.race([look, silence]).catch(String))
}

const loadOf = ({ folder, devicesFile }: World, { perSecond }: ChaosOptions) =>
  ({
    host: '127.0.0.1',
    devicesFile,
    run: RUN,
    mode: { kind: 'open', perSecond },
    // Ended by us.
    seconds: 86_400,
    drainSeconds: 120,
    ledger: join(folder, 'ledger'),
    redeliver: true,
    hot: { ...HOT, everyNth: EVERY_NTH },
    resultFile: join(folder, 'numbers.json'),
  }) as const

function parted(found: Verdict & Witness): { verdict: Verdict; witness: Witness } {
  const { acked, lost, storedTwice, alertsLost, alertsTwice, deliveriesLost, ...witness } = found
  return { verdict: { acked, lost, storedTwice, alertsLost, alertsTwice, deliveriesLost }, witness }
}

interface Play extends Scene, Omit<ChaosOptions, 'devices'> {
  readonly world: World
  readonly generator: Generator
  /** When the timestamps pass midnight; epoch milliseconds of our clock. */
  readonly midnightAt: number
}

async function play(given: Omit<Play, 'folder'>): Promise<readonly number[]> {
  const { rounds, random, say, generator, midnightAt } = given
  const scene = { ...given, folder: given.world.folder }
  const order = Array.from({ length: Math.ceil(rounds / kills.length) }, () =>
    shuffled(given.kills ?? kills, random),
  ).flat()
  const seconds: number[] = []
  await generator.started
  while (!generator.progress()) await Promise.race([wait(50), generator.result])
  for (let round = 0; round < rounds; round++) {
    const kill = order[round % order.length] as Kill
    const pause = CALM_MS.least + random() * (CALM_MS.most - CALM_MS.least)
    const untilMidnight = midnightAt - Date.now() - random() * BEFORE_MIDNIGHT_MS
    await wait(round === 0 ? Math.max(0, untilMidnight) : pause)
    say(`${round + 1}/${rounds}: kills ${kill}`)
    const before = performance.now()
    await strike(kill, scene)
    await recovered(generator, given.perSecond)
    seconds.push((performance.now() - before) / 1000)
    say(`${round + 1}/${rounds}: acknowledges again after ${seconds.at(-1)?.toFixed(1)} s`)
  }
  return seconds
}

/** Waits for a second, begun after the blow, in which half of the rate was acknowledged at least. */
async function recovered(generator: Generator, perSecond: number): Promise<void> {
  const struckIn = generator.progress()?.second ?? 0
  const deadline = performance.now() + RECOVERED_WITHIN_MS
  let before: Progress | undefined
  for (;;) {
    const now = generator.progress()
    if (now && before && now.second > before.second) {
      if (now.acked - before.acked >= perSecond / 2) return
      before = now
    }
    if (now && now.second > struckIn) before ??= now
    if (performance.now() > deadline) {
      throw new Error(`nothing is acknowledged any more: ${JSON.stringify(now)}`)
    }
    await Promise.race([wait(50), generator.result])
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
