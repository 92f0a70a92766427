import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { contractFiles } from './contracts.ts'
import { say } from './terminal.ts'

const root = join(import.meta.dirname, '../..')

/** `npm run generate`: writes JSON Schema, OpenAPI and the pages that are made from tables. */
async function main(): Promise<void> {
  const files = await contractFiles()
  await rm(join(root, 'contract/schemas'), { recursive: true, force: true })
  for (const [path, text] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  say(`${files.size} files are up to date.`)
}

await main()
// The app that was described has pools, but was never started: there is nothing to close.
process.exit()
