import { spawn } from 'node:child_process'
import { closeSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { explain, explainFile, PostgresError } from './errors.ts'
import { type Place, SOCKET_PORT, socketPath } from './place.ts'
import { disarmPidFile, endOrphans, type Postmaster, readPidFile } from './postmaster.ts'
import { as, environment } from './run.ts'

const POLL_MS = 10
const MAX_LOG_BYTES = 10 * 1024 * 1024
/** Recovery replays up to `max_wal_size` of log, which takes minutes on a slow disk. */
const READY_WITHIN_MS = 300_000
const ORPHANS_END_WITHIN_MS = 60_000
const ORPHANS_PATIENCE_MS = 2_000

/**
 * Starts a postmaster on a data folder that none uses, and waits until it accepts connections.
 * `undefined`: one that a killed Pulse had just started was quicker.
 */
export async function launch(
  place: Place,
  binaries: Binaries,
  port: number,
  log: (line: string) => void,
): Promise<Postmaster | undefined> {
  rotateLog(place.logFile)
  const begun = Date.now()
  for (;;) {
    if (!(await disarmPidFile(place.data))) return undefined
    removeSocket(place)
    const logged = sizeOf(place.logFile)
    const postmaster = start(place, binaries, port)
    const ready = await becomesReady(postmaster, place.data, log)
    if (ready) return postmaster
    const output = tailOf(place.logFile, logged) || postmaster.failure()
    if (/lock file "postmaster.pid" already exists/.test(output)) return undefined
    const waitedMs = Date.now() - begun
    if (!/pre-existing shared memory block/.test(output) || waitedMs > ORPHANS_END_WITHIN_MS) {
      throw explain('Starting PostgreSQL', output, place.logFile)
    }
    // Backends of a killed postmaster still run: they end by themselves, or are ended.
    if (waitedMs > ORPHANS_PATIENCE_MS) await endOrphans(place.data, place.user)
    await delay(100)
  }
}

interface Started extends Postmaster {
  /** Why the program could not even be started. */
  failure(): string
}

function start(place: Place, binaries: Binaries, port: number): Started {
  const address = place.sockets
    ? ['-k', place.sockets, '-p', `${SOCKET_PORT}`, '-c', 'listen_addresses=']
    : ['-p', `${port}`, '-c', 'listen_addresses=127.0.0.1']
  const output = openLog(place.logFile)
  // Detached, with a log of its own: Ctrl-C in the terminal and the death of Pulse do not touch it,
  // so that it is stopped in order or adopted.
  const child = spawn(binaries.postgres, ['-D', place.data, ...address], {
    ...as(place.user),
    cwd: '/',
    env: environment(),
    detached: true,
    windowsHide: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  child.unref()
  let failure = ''
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      failure = error.message
      resolve()
    })
  })
  return { pid: child.pid ?? 0, gone, failure: () => failure }
}

async function becomesReady(
  postmaster: Postmaster,
  data: string,
  log: (line: string) => void,
): Promise<boolean> {
  const begun = Date.now()
  let told = begun
  let gone = false
  void postmaster.gone.then(() => {
    gone = true
  })
  for (;;) {
    const file = await readPidFile(data)
    if (file?.pid === postmaster.pid && file.status === 'ready') return true
    await Promise.race([postmaster.gone, delay(POLL_MS)])
    if (gone) return false
    if (Date.now() - told > 5_000) {
      told = Date.now()
      log(`PostgreSQL still recovers after ${Math.round((told - begun) / 1_000)} s`)
    }
    if (Date.now() - begun > READY_WITHIN_MS) throw neverReady()
  }
}

function neverReady(): PostgresError {
  const message = `PostgreSQL was not ready within ${READY_WITHIN_MS / 60_000} minutes.`
  return new PostgresError('not-ready', message, 'It still runs: start Pulse again to wait longer.')
}

function removeSocket(place: Place): void {
  if (!place.sockets) return
  // The folder is ours alone and no postmaster lives; a recycled process id in the lock of the
  // socket would keep the next one from starting.
  rmSync(socketPath(place.sockets), { force: true })
  rmSync(`${socketPath(place.sockets)}.lock`, { force: true })
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch (error) {
    throw explainFile(path, error)
  }
}

function rotateLog(path: string): void {
  if (sizeOf(path) > MAX_LOG_BYTES) renameSync(path, `${path}.1`)
}

/** The size of a log in bytes; 0 if there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** What was added to a log since it had `from` bytes, at most the last 16 KiB; `''` if it is gone. */
export function tailOf(path: string, from: number): string {
  const bytes = sizeOf(path)
  if (bytes <= from) return ''
  const begin = Math.max(from, bytes - 16_384)
  const buffer = Buffer.alloc(16_384)
  const log = openSync(path, 'r')
  try {
    return buffer.toString('utf8', 0, readSync(log, buffer, 0, buffer.length, begin))
  } finally {
    closeSync(log)
  }
}
