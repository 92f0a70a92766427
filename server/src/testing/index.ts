/** Testing: a database per test, and what tests of several modules share. Production code does not import it. */
export { type TestDatabase, testDatabase } from './database.ts'
export { secretSeen, written } from './ledger.ts'
export { testLog } from './log.ts'
export { plantRows, tablesWithTenant } from './planted-rows.ts'
export { signInByForm } from './sign-in.ts'
export { ISSUER, type TestTokens, testTokens } from './tokens.ts'
export { unzip } from './unzip.ts'
export { testMasterKey, testVault } from './vault.ts'
