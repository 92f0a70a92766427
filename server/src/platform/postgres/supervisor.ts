import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { adopt, type Connection, connectionTo } from './adopt.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { ensureCluster, resetPassword } from './cluster.ts'
import { renderConfig, writeConfig } from './config.ts'
import { explainFile, PostgresError } from './errors.ts'
import { launch, sizeOf, tailOf } from './launch.ts'
import { takeOwnership } from './owner.ts'
import { findPlace, type Place } from './place.ts'
import { disarmPidFile, type Postmaster, readPidFile, stopPostmaster } from './postmaster.ts'

/** A running embedded PostgreSQL. */
export interface Postgres {
  /** How the superuser connects: options of postgres.js. The host is a socket's folder where possible. */
  readonly connection: Connection
  /** Resolves, with the last lines of the log, if the postmaster ends although nobody asked. */
  readonly died: Promise<Error>
  /** Stops it in order (`fast`), or at once and with a recovery at the next start (`immediate`). */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
}

/** What {@link startPostgres} needs. */
export interface PostgresOptions {
  /** Made if missing; Pulse's own. Holds data, password and log. */
  readonly folder: string
  readonly log: (line: string) => void
  /** Settings of postgresql.conf, over those of Pulse. A change restarts a server found running. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Each is a postmaster that a killed Pulse left just as it started; one is likely, three are not. */
const MAX_RIVALS = 3

/**
 * Brings up the PostgreSQL of a folder: makes the cluster at the first start, adopts a postmaster
 * that outlived a killed Pulse, starts one otherwise. Needs no step by hand after a kill of anything.
 *
 * @throws {PostgresError} with a code and a remedy
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const begun = performance.now()
  const place = await findPlace(options.folder, options.log)
  const release = own(place)
  try {
    const binaries = await findBinaries(place.user, options.log)
    const { postmaster, connection } = await bringUp(place, binaries, options)
    const tookMs = Math.round(performance.now() - begun)
    options.log(`PostgreSQL is ready after ${tookMs} ms (process ${postmaster.pid}, ${place.data})`)
    return supervise(postmaster, connection, { place, binaries, release })
  } catch (error) {
    release()
    throw error instanceof PostgresError ? error : explainFile(place.folder, error)
  }
}

function own(place: Place): () => void {
  const path = join(dirname(place.data), 'postgres.owner')
  try {
    return takeOwnership(path)
  } catch (error) {
    throw error instanceof PostgresError ? error : explainFile(path, error)
  }
}

async function bringUp(
  place: Place,
  binaries: Binaries,
  options: PostgresOptions,
): Promise<{ postmaster: Postmaster; connection: Connection }> {
  const { password, isLost } = await ensureCluster(place, binaries, options.log)
  const origin = `PostgreSQL ${binaries.version} in ${binaries.native}`
  const config = renderConfig(origin, options.settings ?? {})
  for (let tries = 0; tries < MAX_RIVALS; tries++) {
    const adopted = await adopt(place, binaries, { config, password }, options.log)
    if (adopted) return adopted
    await writeConfig(place.data, config, place.user)
    if (isLost && (await disarmPidFile(place.data))) {
      options.log('the password of PostgreSQL is lost: setting a new one')
      await resetPassword(place, binaries, password)
    }
    const port = place.sockets ? 0 : await freePort()
    const postmaster = await launch(place, binaries, port, options.log)
    const file = await readPidFile(place.data)
    if (postmaster && file) return { postmaster, connection: connectionTo(file, password) }
  }
  const message = `Other processes keep starting PostgreSQL on ${place.data}.`
  throw new PostgresError('in-use', message, 'Stop them first, or choose another data folder.')
}

function supervise(
  postmaster: Postmaster,
  connection: Connection,
  { place, binaries, release }: { place: Place; binaries: Binaries; release: () => void },
): Postgres {
  const logged = sizeOf(place.logFile)
  // Once set, the process id may be another's: it is never signalled again.
  let isGone = false
  let stopping: Promise<void> | undefined
  const died = new Promise<Error>((resolve) => {
    void postmaster.gone.then(() => {
      isGone = true
      if (stopping) return
      release()
      const tail = tailOf(place.logFile, logged).trim().split('\n').slice(-10).join('\n')
      const remedy = `Its log is ${place.logFile}.`
      resolve(new PostgresError('died', `PostgreSQL ended by itself. ${tail}`, remedy))
    })
  })
  return {
    connection,
    died,
    stop: (mode = 'fast') => {
      if (isGone) return Promise.resolve()
      stopping ??= stopPostmaster(postmaster, place.data, binaries, mode).finally(release)
      return stopping
    },
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
