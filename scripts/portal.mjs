/** Builds the portal when its sources changed since the last build. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execute, node24, root } from './run.mjs'

const folder = fileURLToPath(root)
const dist = join(folder, 'web/dist')
const notSources = new Set(['node_modules', 'dist', '.tmp', 'test-results', 'screenshots', 'tests'])

/** Builds if needed. False when the build failed; the reason is on the terminal. */
export async function ensurePortal() {
  if (!existsSync(join(folder, 'web/index.html'))) return true
  const stamp = hashSources()
  if (readStamp() === stamp) return true

  console.log('Building the portal (once)…')
  // Built aside and then moved, so that a server which is running never shows half a portal.
  const fresh = join(folder, 'web/.tmp', `dist-${process.pid}`)
  const vite = join(folder, 'node_modules/vite/bin/vite.js')
  const args = ['build', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn']
  const code = await execute(node24, [vite, ...args], { cwd: join(folder, 'web') })
  if (code !== 0) {
    console.error(`The portal does not build (vite ended with ${code}).`)
    return false
  }
  writeFileSync(join(fresh, '.stamp'), stamp)
  replace(fresh)
  return true
}

function replace(fresh) {
  const old = `${fresh}-old`
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
  rmSync(old, { recursive: true, force: true })
}

function readStamp() {
  const file = join(dist, '.stamp')
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function hashSources() {
  const hash = createHash('sha256')
  const files = [
    ...list(join(folder, 'web')),
    ...list(join(folder, 'contract')),
    join(folder, 'package-lock.json'),
  ]
  for (const file of files) {
    hash.update(`${relative(folder, file)}\0`)
    hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}

function list(from) {
  const entries = readdirSync(from, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )
  return entries.flatMap((entry) => {
    if (notSources.has(entry.name) || entry.name.includes('.test.')) return []
    const path = join(from, entry.name)
    return entry.isDirectory() ? list(path) : [path]
  })
}
