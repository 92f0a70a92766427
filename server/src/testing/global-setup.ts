import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bootstrapDatabase, connect, migrate, rolePasswords, startPostgres } from '#platform'
import type { TemplateFacts } from './database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    template: TemplateFacts
  }
}

/** Starts one PostgreSQL for the whole run and migrates a template database that tests clone. */
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
  return async () => {
    await postgres.stop('immediate')
    await rm(folder, { recursive: true, force: true })
  }
}
