import { randomBytes } from 'node:crypto'
import { createVault, environmentMasterKey, systemClock, type Vault } from '#platform'
import type { TestDatabase } from './database.ts'
import { secretSeen } from './ledger.ts'

/** A vault over a test's database, started, under a master key of its own. What it seals is a secret of the suite. */
export async function testVault(database: TestDatabase): Promise<Vault> {
  const masterKey = environmentMasterKey(testMasterKey())
  const vault = createVault({ owner: database.as('pulse_owner'), masterKey, clock: systemClock })
  await vault.start()
  return {
    ...vault,
    seal(clear, context) {
      secretSeen(clear)
      return vault.seal(clear, context)
    },
  }
}

/** A new master key, for the environment or a file. */
export function testMasterKey(): string {
  const key = randomBytes(32).toString('base64')
  secretSeen(key)
  return key
}
