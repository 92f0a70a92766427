import { setTimeout as wait } from 'node:timers/promises'
import { childrenOf, postmasterOf, titleOf } from './processes.ts'
import { launchServer, type Server, type Starting } from './server.ts'

/** A way to kill something, named in words for the log. */
export type Kill = (typeof kills)[number]
export const kills = [
  'server',
  'server before acknowledgement',
  'postmaster',
  'postmaster before acknowledgement',
  'everything after acknowledgement',
  'a backend of a lane',
  'any process of PostgreSQL',
  'server and postmaster',
  'server, and again while it starts',
] as const

/** Longer than a start after any kill may take. */
const START_WITHIN_MS = 60_000
/** What strikes at an acknowledgement does so at one of so many messages from now. */
const STRIKE_WITHIN = 4000
const STRIKE_DEADLINE_MS = 30_000
/** How far into a start it may be killed again. */
const INTO_START_MS = 1500

/** A server that is started again, as a person would with `npm start`, whenever it was killed. */
export class Keeper {
  readonly #folder: string
  readonly #mqttPort: number
  #starting: Starting
  #stopping = false
  #failure: Error | undefined
  /** Starts so far. */
  starts = 0

  constructor(folder: string, mqttPort: number) {
    this.#folder = folder
    this.#mqttPort = mqttPort
    this.#starting = this.#launch()
  }

  get pid(): number {
    return this.#starting.pid
  }

  /** The server of now; waits while it starts. @throws when a start failed by itself */
  async server(): Promise<Server> {
    const deadline = performance.now() + START_WITHIN_MS
    while (performance.now() < deadline) {
      if (this.#failure) throw this.#failure
      const server = await this.#starting.ready.catch(() => undefined)
      if (server) return server
      await wait(20)
    }
    throw new Error('the server does not come back')
  }

  /** Kills the process of now with SIGKILL. */
  kill(): void {
    process.kill(this.pid, 'SIGKILL')
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const server = await this.#starting.ready.catch(() => undefined)
    await server?.stop()
  }

  #launch(): Starting {
    this.starts++
    const starting = launchServer({
      folder: this.#folder,
      mqttPort: this.#mqttPort,
      args: ['--log-level', 'warn'],
    })
    void starting.gone.then((exit) => {
      if (this.#stopping) return
      const [code] = exit as [number | null]
      // Killed, it has no exit code. Whatever ends with one gave up: that is a finding.
      if (code !== null) this.#failure = new Error(`the server ended by itself (${code})`)
      else this.#starting = this.#launch()
    })
    return starting
  }
}

export interface Scene {
  readonly folder: string
  readonly keeper: Keeper
  /** From 0 to 1. */
  readonly random: () => number
}

/** Carries a kill out; resolves when it has struck. */
export async function strike(kill: Kill, scene: Scene): Promise<void> {
  const { folder, keeper, random } = scene
  const server = await keeper.server()
  const postmaster = postmasterOf(folder)
  if (postmaster === undefined) throw new Error('no postmaster runs')
  switch (kill) {
    case 'server':
      return keeper.kill()
    case 'server before acknowledgement':
      return atAcknowledgement(server, 'before', [server.pid], random)
    case 'postmaster':
      return void process.kill(postmaster, 'SIGKILL')
    case 'postmaster before acknowledgement':
      return atAcknowledgement(server, 'before', [postmaster], random)
    case 'everything after acknowledgement': {
      // The server last: it is the one who kills. The others do not get to end what they are at.
      const victims = [...childrenOf(postmaster), postmaster, server.pid]
      return atAcknowledgement(server, 'after', victims, random)
    }
    case 'a backend of a lane':
      return killOne(laneBackends(postmaster), random)
    case 'any process of PostgreSQL':
      return killOne(childrenOf(postmaster), random)
    case 'server and postmaster':
      process.kill(postmaster, 'SIGKILL')
      return keeper.kill()
    case 'server, and again while it starts':
      return killTwice(scene, server)
  }
}

async function atAcknowledgement(
  server: Server,
  when: 'before' | 'after',
  victims: readonly number[],
  random: () => number,
): Promise<void> {
  const gone = whenGone(victims.at(-1) ?? server.pid)
  // The victim may be the one who would answer.
  void server.killAtAck({ messages: 1 + Math.floor(random() * STRIKE_WITHIN), when, victims })
  await gone
}

async function whenGone(pid: number): Promise<void> {
  const deadline = performance.now() + STRIKE_DEADLINE_MS
  while (isAlive(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} was not killed`)
    await wait(5)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function killTwice({ keeper, random }: Scene, server: Server): Promise<void> {
  keeper.kill()
  await server.gone
  await wait(random() * INTO_START_MS)
  if (keeper.pid !== server.pid) keeper.kill()
}

/** Backends that store messages: those of the pipeline's role that are in a transaction, first. */
function laneBackends(postmaster: number): readonly number[] {
  const all = childrenOf(postmaster).map((pid) => ({ pid, title: titleOf(pid) }))
  const ofPipeline = all.filter(({ title }) => title.includes('pulse_pipeline'))
  const busy = ofPipeline.filter(({ title }) => /INSERT|COMMIT|transaction/.test(title))
  return (busy.length > 0 ? busy : ofPipeline).map(({ pid }) => pid)
}

function killOne(pids: readonly number[], random: () => number): void {
  const pid = pids[Math.floor(random() * pids.length)]
  if (pid === undefined) throw new Error('PostgreSQL has no such process')
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself between the look and the blow: the next round finds another.
  }
}
