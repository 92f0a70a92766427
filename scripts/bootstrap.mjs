/**
 * What every npm script runs first. Plain JavaScript, because on a fresh clone it runs on the
 * machine's own Node (20.19 or later); it installs what is missing and hands over to the Node 24
 * that the project brings along.
 */
import { existsSync } from 'node:fs'
import { ensureInstalled, refuseOldNode } from './install.mjs'
import { root, run } from './run.mjs'

/** Command → the program that it hands over to, and what must be ready before. */
const commands = {
  // Messages live for some batches: a larger young generation spares moving them into the old one
  // (docs/performance.md, what was tried).
  start: { program: 'server/src/main.ts', portal: true, node: ['--max-semi-space-size=128'] },
  build: { portal: true },
  check: { program: 'scripts/check.mjs' },
  test: { program: 'scripts/test.mjs', portal: true },
  fuzz: { program: 'scripts/fuzz.mjs' },
  generate: { program: 'server/src/generate.ts' },
  bench: { program: 'bench/src/main.ts' },
  chaos: { program: 'bench/src/chaos.ts' },
  pulse: { program: 'server/src/cli/main.ts' },
  counterparts: { program: 'scripts/counterparts.mjs', portal: true },
}

async function main([name, ...args]) {
  refuseOldNode()
  const command = commands[name]
  if (!command) {
    console.error(`Say what to do: ${Object.keys(commands).join(', ')}.`)
    return 2
  }
  if (!(await ensureInstalled())) return 1
  if (command.portal) {
    // Loaded late: nothing but this file and its two neighbours may need an install.
    const { ensurePortal } = await import('./portal.mjs')
    if (!(await ensurePortal())) return 1
  }
  if (!command.program) return 0
  if (!existsSync(new URL(command.program, root))) {
    console.error(`${command.program} is missing from this checkout.`)
    return 1
  }
  return run(command.program, args, command.node)
}

process.exitCode = await main(process.argv.slice(2))
