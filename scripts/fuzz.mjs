/**
 * `npm run fuzz`: the property tests and fuzzers at full count (`npm test` runs a sample of each).
 * `npm run fuzz -- --cases 200000 packet` sets the count and picks files by name.
 */
import { fileURLToPath } from 'node:url'
import { execute, node24, root, withOwnPrograms } from './run.mjs'

const fullCount = 50_000

async function main(args) {
  const at = args.indexOf('--cases')
  const cases = at < 0 ? fullCount : Number(args[at + 1])
  if (!Number.isInteger(cases) || cases < 1) {
    console.error('--cases wants a whole number of at least 1.')
    return 2
  }
  const names = at < 0 ? args : args.toSpliced(at, 2)
  const program = fileURLToPath(new URL('node_modules/vitest/vitest.mjs', root))
  return execute(
    node24,
    [program, 'run', '--testTimeout=1800000', ...(names.length > 0 ? names : ['fuzz'])],
    {
      env: { ...withOwnPrograms(), PULSE_FUZZ_CASES: String(cases) },
    },
  )
}

process.exitCode = await main(process.argv.slice(2))
