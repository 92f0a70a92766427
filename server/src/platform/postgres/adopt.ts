import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import type { Binaries } from './binaries.ts'
import { SUPERUSER } from './cluster.ts'
import { type Config, hasConfig } from './config.ts'
import type { Place } from './place.ts'
import {
  isPostmaster,
  type PidFile,
  type Postmaster,
  readPidFile,
  stopPostmaster,
  watch,
} from './postmaster.ts'

/** How to connect; the fields are options of postgres.js. */
export interface Connection {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly database: string
}

/** A postmaster that outlived its Pulse and is fit for use. */
export interface Adopted {
  readonly postmaster: Postmaster
  readonly connection: Connection
}

/** Recovery after a crash of the machine may still be under way. */
const READY_WITHIN_MS = 300_000

/**
 * Takes over the postmaster of the data folder, if one runs with the wanted configuration and lets
 * us in. One that runs otherwise is stopped. `undefined`: none runs now.
 */
export async function adopt(
  place: Place,
  binaries: Binaries,
  wanted: { config: Config; password: string },
  log: (line: string) => void,
): Promise<Adopted | undefined> {
  const running = await findRunning(place.data)
  if (!running) return undefined
  const postmaster = { pid: running.pid, gone: watch(running.pid) }
  const connection = connectionTo(running, wanted.password)
  const trouble = (await hasConfig(place.data, wanted.config))
    ? await troubleWith(connection, place.data)
    : 'it runs with other settings'
  if (!trouble) {
    log(`adopted the running PostgreSQL (process ${running.pid})`)
    return { postmaster, connection }
  }
  log(`stopping the running PostgreSQL (process ${running.pid}): ${trouble}`)
  await stopPostmaster(postmaster, place.data, binaries)
  return undefined
}

/** The live postmaster of the folder, once it is done with starting or stopping. */
async function findRunning(data: string): Promise<PidFile | undefined> {
  const deadline = Date.now() + READY_WITHIN_MS
  for (;;) {
    const file = await readPidFile(data)
    if (!file || !isPostmaster(file.pid, data)) return undefined
    if (file.status === 'ready' || Date.now() > deadline) return file
    // Who was told to stop and does not is stopped with more force.
    if (file.status === 'stopping' && Date.now() > deadline - READY_WITHIN_MS + 10_000) return file
    await delay(10)
  }
}

/** The facts of a connection to the server that `file` tells of. */
export function connectionTo(file: PidFile, password: string): Connection {
  const host = file.sockets || '127.0.0.1'
  return { host, port: file.port, username: SUPERUSER, password, database: 'postgres' }
}

async function troubleWith(connection: Connection, data: string): Promise<string | undefined> {
  const sql = postgres({ ...connection, max: 1, connect_timeout: 5, onnotice: () => {} })
  const late = AbortSignal.timeout(8_000)
  const silence = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () => reject(new Error('no answer within 8 s')))
  })
  try {
    const [row] = await Promise.race([
      sql`select current_setting('data_directory') as data`,
      silence,
    ])
    return row?.data === data ? undefined : `it serves ${row?.data}`
  } catch (error) {
    return `it does not answer (${(error as Error).message})`
  } finally {
    await sql.end({ timeout: 0 })
  }
}
