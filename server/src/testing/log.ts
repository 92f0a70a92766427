import { createLog, type Log } from '#platform'
import { written } from './ledger.ts'

/** A log that a test does not see: everything down to `trace` goes to the ledger of secrets. */
export const testLog: Log = createLog('trace', (line) => written('log', line))
