import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'

/** Shorter ones are found by chance. */
export const SHORTEST_SECRET = 12

/** Tests write `xxxx…` where anything will do. */
const DISTINCT_CHARACTERS = 6

/** Where the suite keeps what it must not find and where it looks, one folder for each run. */
export const ledgerFiles = {
  secrets: 'secrets',
  log: 'log',
  table: 'table',
  answer: 'answer',
} as const

/** What Pulse wrote where a person may read it: its log, a table, an answer to the network. */
export type Sink = Exclude<keyof typeof ledgerFiles, 'secrets'>

/**
 * Tells the suite of a secret that a test uses. At the end of the run no log, no table that a
 * person reads and no error answer of any test may hold it. Shorter ones than 12 and dummies are left out.
 */
export function secretSeen(value: string): void {
  const isDummy = new Set(value).size < DISTINCT_CHARACTERS
  if (value.length >= SHORTEST_SECRET && !isDummy) append('secrets', JSON.stringify(value))
}

/** Gives the suite a text to look through at its end. */
export const written = (sink: Sink, text: string): void => append(sink, text)

/** Each worker has files of its own: an append of many kilobytes is not one write. */
const append = (file: keyof typeof ledgerFiles, text: string): void =>
  appendFileSync(join(inject('ledger'), `${ledgerFiles[file]}.${process.pid}`), `${text}\n`)
