import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bootstrapDatabase, connect, migrate, rolePasswords, startPostgres } from '#platform'
import type { TemplateFacts } from './database.ts'
import { refuseLeaks } from './leaks.ts'

declare module 'vitest' {
  interface ProvidedContext {
    template: TemplateFacts
    /** Folder of the ledger of secrets. */
    ledger: string
  }
}

/**
 * Starts one PostgreSQL for the whole run and migrates a template database that tests clone. At
 * the end the run fails when a secret that a test used stands where people read.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-test-'))
  const postgres = await startPostgres({ folder, log: () => {}, settings: { fsync: 'off' } })
  const passwords = await rolePasswords(folder)
  await bootstrapDatabase(postgres.connection, passwords, 'template')
  const { host, port } = postgres.connection
  const facts = { host, port, database: 'template', password: passwords.pulse_owner }
  const owner = connect(facts, 'pulse_owner', { max: 1, name: 'migrate' })
  await migrate(owner)
  await owner.end()
  project.provide('template', { superuser: postgres.connection, passwords })
  const ledger = join(folder, 'ledger')
  await mkdir(ledger)
  project.provide('ledger', ledger)
  return async () => {
    await postgres.stop('immediate')
    try {
      const { secrets, bytes } = refuseLeaks(ledger)
      console.log(
        `${secrets} secrets of the tests, none of them in ${bytes} bytes of logs, tables and answers`,
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}
