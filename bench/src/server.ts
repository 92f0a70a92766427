import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionFacts, PulseApp } from '@pulse/server'

/** What the parent may ask of a server process. */
export type Question = Wish & { readonly id: number }
type Wish =
  | { readonly ask: 'stats' }
  | { readonly ask: 'owner' }
  | { readonly ask: 'memory' }
  | { readonly ask: 'stop' }
  | ({ readonly ask: 'kill-at-ack' } & AckKill)

/** SIGKILLs `victims`, in this order, at the acknowledgement of the n-th message from now. */
export interface AckKill {
  readonly messages: number
  /** After its commit and before it leaves, or as soon as it has left. */
  readonly when: 'before' | 'after'
  readonly victims: readonly number[]
}

/** Its answer; `re` 0 says that it listens. */
export interface Answer {
  readonly re: number
  readonly value: unknown
}

export type PipelineStats = ReturnType<PulseApp['pipeline']['stats']>

/** A Pulse in a process of its own. */
export interface Server {
  readonly pid: number
  readonly mqttPort: number
  readonly mqttsPort: number | undefined
  /** Resolves when the process has ended, whoever ended it. */
  readonly gone: Promise<unknown>
  stats(): Promise<PipelineStats>
  /** How the owner of the tables connects. */
  owner(): Promise<ConnectionFacts>
  /** After a forced garbage collection. */
  memory(): Promise<NodeJS.MemoryUsage>
  killAtAck(kill: AckKill): Promise<unknown>
  /** Stops it in good order. */
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly folder: string
  readonly args?: readonly string[]
  /** 0 (default) takes a free one. */
  readonly mqttPort?: number
}

/** Rates far above what a benchmark sends: what is measured is never the limiter. */
const RATES = ['--device-rate', '1000000', '--tenant-rate', '10000000']
const program = join(import.meta.dirname, 'server-process.ts')

/** What a starting server is, before it listens: chaos kills it even then. */
export interface Starting {
  readonly pid: number
  readonly gone: Promise<unknown>
  /** @throws when it ends before it listens */
  readonly ready: Promise<Server>
}

/** Starts a server on `folder`. Its output goes to `server.log` there. */
export function launchServer({ folder, args = [], mqttPort = 0 }: ServerOptions): Starting {
  const output = openSync(join(folder, 'server.log'), 'a')
  const ports = ['--port', '0', '--mqtt-port', String(mqttPort)]
  const child = fork(program, ['--data', folder, '--no-demo', ...ports, ...RATES, ...args], {
    execArgv: ['--expose-gc', '--max-semi-space-size=128'],
    stdio: ['ignore', output, output, 'ipc'],
  })
  // A question to one that was killed just now has no answer; `gone` tells.
  child.on('error', () => {})
  const gone = once(child, 'exit')
  const replies = new Replies(child)
  const ready = Promise.race([
    replies.of(0),
    gone.then(() => {
      throw new Error(`the server ended before it listened: see ${join(folder, 'server.log')}`)
    }),
  ]).then((listening) => server(child, replies, gone, listening as Listening))
  // Whoever kills it meanwhile need not wait for it.
  ready.catch(() => {})
  return { pid: child.pid ?? 0, gone, ready }
}

export const startServer = (options: ServerOptions): Promise<Server> => launchServer(options).ready

interface Listening {
  readonly mqtt: number
  readonly mqtts: number | undefined
}

function server(
  child: ChildProcess,
  replies: Replies,
  gone: Promise<unknown>,
  { mqtt, mqtts }: Listening,
): Server {
  return {
    pid: child.pid ?? 0,
    mqttPort: mqtt,
    mqttsPort: mqtts,
    gone,
    stats: () => replies.ask({ ask: 'stats' }) as Promise<PipelineStats>,
    owner: () => replies.ask({ ask: 'owner' }) as Promise<ConnectionFacts>,
    memory: () => replies.ask({ ask: 'memory' }) as Promise<NodeJS.MemoryUsage>,
    killAtAck: (kill) => replies.ask({ ask: 'kill-at-ack', ...kill }),
    async stop() {
      if (child.connected) child.send({ ask: 'stop', id: -1 })
      await gone
    },
  }
}

class Replies {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (value: unknown) => void>()
  #last = 0

  constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', ({ re, value }: Answer) => this.#waiting.get(re)?.(value))
  }

  of(id: number): Promise<unknown> {
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }

  async ask(wish: Wish): Promise<unknown> {
    const id = ++this.#last
    const answer = this.of(id)
    this.#child.send({ ...wish, id })
    return await answer
  }
}
