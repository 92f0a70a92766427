/** Runs dependency-cruiser and makes sure that it really looked. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { node24, root } from './run.mjs'

const workspaces = ['contract', 'server', 'web', 'simulator', 'bench']
const program = fileURLToPath(
  new URL('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', root),
)

/** @typedef {{ rule: string, from: string, to: string, way: string[] }} Violation */

/**
 * Cruises the workspaces under `folder` by the map of that folder.
 *
 * `missed` are sources that the cruiser did not visit: with a TypeScript that it cannot use it
 * reports "no violations (0 modules)" and success.
 *
 * @param {string} folder
 * @returns {{ violations: Violation[], missed: string[], expected: string[], report: () => boolean }}
 */
export function cruise(folder) {
  const there = workspaces.filter((name) => existsSync(join(folder, name, 'src')))
  const args = [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json']
  // Listed first: a file that comes into being meanwhile is not missed.
  const expected = there.flatMap((name) => sources(folder, `${name}/src`))
  const { stdout, stderr, error } = spawnSync(
    node24,
    [...args, ...there.map((name) => `${name}/src`)],
    {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  )
  if (error || !stdout.startsWith('{')) {
    throw new Error(`dependency-cruiser gave no result: ${error?.message ?? stderr}`)
  }
  const result = JSON.parse(stdout)
  const visited = new Set(result.modules.map((module) => module.source))
  const missed = expected.filter((file) => !visited.has(file))
  const violations = result.summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    from,
    to,
    way: (cycle ?? []).map((step) => step.name ?? step),
  }))
  return { violations, missed, expected, report: () => report({ violations, missed, expected }) }
}

function report({ violations, missed, expected }) {
  for (const { rule, from, to, way } of violations) {
    console.error(`${rule}: ${from} → ${way.length > 0 ? way.join(' → ') : to}`)
  }
  for (const file of missed) console.error(`not cruised: ${file}`)
  console.log(`${expected.length - missed.length} of ${expected.length} sources cruised`)
  return violations.length === 0 && missed.length === 0 && expected.length > 0
}

function sources(folder, from) {
  return readdirSync(join(folder, from), { withFileTypes: true }).flatMap((entry) => {
    const path = `${from}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sources(folder, path)
    return /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : []
  })
}
