/** Testing: a database per test, and what tests of several modules share. Production code does not import it. */
export { type TestDatabase, testDatabase } from './database.ts'
export { testVault } from './vault.ts'
