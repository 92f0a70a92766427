import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bootstrapDatabase, rolePasswords } from './bootstrap.ts'
import type { Log } from './log.ts'
import { migrate } from './migrate.ts'
import { findPostgres, startPostgres } from './postgres/index.ts'
import { type ConnectionFacts, connect, type DatabaseRole } from './sql.ts'

/** A database that Pulse can be opened on. */
export interface DatabaseAccess {
  /** What a pool of `role` is opened with. */
  facts(role: DatabaseRole): ConnectionFacts
  stop(): Promise<void>
}

const DATABASE = 'pulse'

const factsOf = (
  { host, port }: { readonly host: string; readonly port: number },
  password: string,
): ConnectionFacts => ({ host, port, database: DATABASE, password })

/**
 * Starts the embedded PostgreSQL in `folder`, migrated. When it dies although nobody asked, it is
 * started again; whoever uses it meanwhile sees that the database is away.
 */
export async function openEmbedded(folder: string, log: Log): Promise<DatabaseAccess> {
  const place = resolve(folder)
  // Searchable by the user that PostgreSQL runs as when we are root; what is secret in it is 0600.
  await mkdir(place, { recursive: true, mode: 0o711 })
  const start = () =>
    startPostgres({
      folder: join(place, 'postgres'),
      log: (line) => log.info({ postgres: line }, 'postgres'),
    })
  let postgres = await start()
  let stopping = false
  const passwords = await rolePasswords(place)
  await bootstrapDatabase(postgres.connection, passwords, DATABASE)

  const facts = (role: DatabaseRole) => factsOf(postgres.connection, passwords[role])
  const owner = connect(facts('pulse_owner'), 'pulse_owner', { max: 1, name: 'pulse migrate' })
  try {
    await migrate(owner)
  } finally {
    await owner.end()
  }

  const watch = (): void => {
    void postgres.died.then(async (error) => {
      if (stopping) return
      log.error({ err: error }, 'postgres died')
      for (let tries = 0; !stopping; tries++) {
        try {
          postgres = await start()
          log.warn({}, 'postgres is back')
          watch()
          return
        } catch (again) {
          log.error({ err: again }, 'postgres does not start')
          await new Promise((done) => setTimeout(done, Math.min(200 * 2 ** tries, 5000)))
        }
      }
    })
  }
  watch()
  return {
    facts,
    async stop() {
      stopping = true
      await postgres.stop()
    },
  }
}

/**
 * Joins the embedded PostgreSQL of a Pulse that runs on `folder`, without touching it: `stop` leaves
 * it running. Undefined when none runs there.
 */
export async function joinEmbedded(folder: string): Promise<DatabaseAccess | undefined> {
  const place = resolve(folder)
  const address = await findPostgres(join(place, 'postgres'))
  if (!address) return undefined
  const passwords = await rolePasswords(place)
  return { facts: (role) => factsOf(address, passwords[role]), stop: async () => {} }
}
