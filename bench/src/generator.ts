import { spawn } from 'node:child_process'
import { openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type LoadConfig, type LoadEvent, type LoadResult, loadProgram } from '@pulse/simulator'

type Line = LoadEvent | ({ readonly type: 'result' } & LoadResult)
/** What it says once a second. */
export type Progress = Extract<LoadEvent, { type: 'progress' }>

/** The load generator in a process of its own. */
export interface Generator {
  readonly pid: number
  /** Resolves when all devices are connected, to the seconds that took. */
  readonly connected: Promise<number>
  /** Resolves when it begins to send. */
  readonly started: Promise<void>
  readonly result: Promise<LoadResult>
  /** Newest news, about once a second. */
  readonly progress: () => Progress | undefined
  /** Ends the sending early; what is in flight is still waited for. */
  finish(): void
}

/** Starts it with `config`, which is kept in `folder`. */
export function startGenerator(folder: string, config: LoadConfig): Generator {
  const file = join(folder, `${config.run}.json`)
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  const errors = openSync(join(folder, 'generator.log'), 'a')
  const child = spawn(process.execPath, [loadProgram, file], { stdio: ['ignore', 'pipe', errors] })
  const connected = Promise.withResolvers<number>()
  const started = Promise.withResolvers<void>()
  const result = Promise.withResolvers<LoadResult>()
  let progress: Progress | undefined
  createInterface(child.stdout as Readable).on('line', (text) => {
    const line = JSON.parse(text) as Line
    if (line.type === 'connected') connected.resolve(line.seconds)
    if (line.type === 'started') started.resolve()
    if (line.type === 'progress') progress = line
    if (line.type === 'result') result.resolve(line)
  })
  child.on('exit', (code) => {
    const error = new Error(`the load generator ended (${code}): see ${folder}/generator.log`)
    for (const each of [connected, started, result]) each.reject(error)
  })
  // Only the result must be waited for.
  for (const each of [connected, started]) each.promise.catch(() => {})
  return {
    pid: child.pid ?? 0,
    connected: connected.promise,
    started: started.promise,
    result: result.promise,
    progress: () => progress,
    finish: () => void child.kill('SIGTERM'),
  }
}
