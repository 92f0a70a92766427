import { randomBytes } from 'node:crypto'
import { createVault, environmentMasterKey, systemClock, type Vault } from '#platform'
import type { TestDatabase } from './database.ts'

/** A vault over a test's database, started, under a master key of its own. */
export async function testVault(database: TestDatabase): Promise<Vault> {
  const masterKey = environmentMasterKey(randomBytes(32).toString('base64'))
  const vault = createVault({ owner: database.as('pulse_owner'), masterKey, clock: systemClock })
  await vault.start()
  return vault
}
