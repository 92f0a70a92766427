import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ledgerFiles } from './ledger.ts'
import { findSecrets } from './needles.ts'

const SHOWN = 20

/**
 * Looks through everything that a run gathered for every secret that it used.
 *
 * @throws when one is found, with the places; what it prints are secrets of tests
 */
export function refuseLeaks(folder: string): { secrets: number; bytes: number } {
  const files = readdirSync(folder)
  const secrets = new Set(
    files
      .filter((file) => file.startsWith(`${ledgerFiles.secrets}.`))
      .flatMap((file) => linesOf(join(folder, file))),
  )
  let bytes = 0
  const leaks: string[] = []
  for (const file of files.filter((each) => !each.startsWith(`${ledgerFiles.secrets}.`))) {
    const text = readFileSync(join(folder, file))
    bytes += text.length
    const [sink] = file.split('.')
    for (const { secret, context } of findSecrets(secrets, text))
      leaks.push(`${sink} holds ${secret}:\n    ${context.replaceAll('\n', ' ')}`)
  }
  if (leaks.length > 0) {
    const shown = leaks.slice(0, SHOWN).join('\n')
    throw new Error(
      `Secrets of the suite were found where people read (${leaks.length}):\n${shown}`,
    )
  }
  return { secrets: secrets.size, bytes }
}

const linesOf = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as string)
