/** `npm run check`: everything that can be said of the code without running it, in order. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise } from './cruise.mjs'
import { execute, node24, root } from './run.mjs'

const folder = fileURLToPath(root)
const projects = ['contract', 'server', 'web', 'simulator', 'bench', 'scripts']

const steps = [
  ['biome check', () => tool('@biomejs/biome/bin/biome', 'check')],
  ['tsc', typecheck],
  [
    'oxlint --type-aware',
    () => tool('oxlint/bin/oxlint', '--type-aware', '--format=unix', ...projects),
  ],
  ['depcruise', () => (cruise(folder).report() ? 0 : 1)],
  ['knip', () => tool('knip/bin/knip.js', '--no-progress', '--no-config-hints')],
]

function tool(path, ...args) {
  return execute(node24, [join(folder, 'node_modules', path), ...args])
}

async function typecheck() {
  const cache = join(folder, 'node_modules/.cache/tsc')
  mkdirSync(cache, { recursive: true })
  let worst = 0
  for (const name of projects.filter(hasSources)) {
    const info = join(cache, `${name}.tsbuildinfo`)
    const options = ['-p', name, '--incremental', '--tsBuildInfoFile', info, '--pretty']
    const code = await tool('typescript/bin/tsc', ...options)
    if (code !== 0) console.error(`tsc finds faults in ${name}.`)
    worst = Math.max(worst, code)
  }
  return worst
}

function hasSources(name) {
  const source = join(folder, name === 'scripts' ? name : `${name}/src`)
  return existsSync(source) && readdirSync(source, { recursive: true }).some(isSource)
}

function isSource(file) {
  return /\.tsx?$/.test(file)
}

async function main() {
  const failed = []
  for (const [name, step] of steps) {
    console.log(`\n── ${name}`)
    const started = performance.now()
    const code = await step()
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${code === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
    if (code !== 0) failed.push(name)
  }
  if (failed.length === 0) return 0
  console.error(`\ncheck: failed: ${failed.join(', ')}`)
  return 1
}

process.exitCode = await main()
