/** Brings `node_modules` in line with `package-lock.json`, once, and asks nothing. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { node24, root, withoutOwnPrograms } from './run.mjs'

const lockFile = new URL('package-lock.json', root)
const stampFile = new URL('node_modules/.pulse-lock', root)

/** Ends the process with a sentence when the machine's Node cannot even install. */
export function refuseOldNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(
    `Pulse needs Node 20.19 or later to install itself, and this is ${version}. ` +
      'It then runs on the Node 24 that it brings along. Get a newer one from https://nodejs.org.',
  )
  process.exit(1)
}

/** Installs if something is missing. False when that failed; the reason is on the terminal. */
export async function ensureInstalled() {
  const lock = readFileSync(lockFile, 'utf8')
  const stamp = createHash('sha256').update(lock).digest('hex')
  if (existsSync(node24) && read(stampFile) === stamp) return true
  if (!(existsSync(node24) && agrees(JSON.parse(lock))) && !install()) return false
  if (!existsSync(node24)) {
    console.error(
      'npm left out Node 24 (the package `node`). Are install scripts switched off ' +
        '(`npm config get ignore-scripts`)? Delete node_modules and start again with them on.',
    )
    return false
  }
  remember(stamp)
  return true
}

function install() {
  console.log('Installing (once)…')
  const { status, error } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: fileURLToPath(root),
    env: withoutOwnPrograms(),
    // npm's own chatter goes to stderr, so that stdout stays what the command prints.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status === 0) return true
  console.error(
    error
      ? `npm does not start: ${error.message}`
      : `npm ci failed with ${status}. The first install needs a way to the npm registry; later starts do not.`,
  )
  return false
}

/** True when what npm says it has installed is what the lock file asks for. */
function agrees(lock) {
  const text = read(new URL('node_modules/.package-lock.json', root))
  if (text === undefined) return false
  const installed = JSON.parse(text).packages
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true
    const found = installed[path]
    // What is for another system is left out, and optional.
    if (!found) return wanted.optional === true
    return wanted.link === true || found.version === wanted.version
  })
}

function remember(stamp) {
  try {
    writeFileSync(stampFile, stamp)
  } catch {
    // Installed by somebody else: the comparison is made again next time.
  }
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
