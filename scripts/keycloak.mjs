/** Gets Keycloak from Maven, keeps it built outside the repository, and starts one on loopback. */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const version = '26.7.3'
const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:zip`
const oldestJava = 17
const downloadMs = 300_000
const buildMs = 300_000
const startMs = 180_000
const stopMs = 15_000

/** What Keycloak needs, and this machine does not have. The message says what. */
export class NotThere extends Error {}

/**
 * The folder of a Keycloak that is built and starts at once; gets and builds it the first time.
 * @throws NotThere when Java, Maven or the way to a Maven repository is missing
 */
export function ensureKeycloak() {
  if (process.platform === 'win32') throw new NotThere('Keycloak is started by its shell script.')
  requireJava()
  const home = join(cache(), `keycloak-${version}`)
  if (existsSync(home)) return home
  const scratch = mkdtempSync(join(cache(), 'getting-'))
  try {
    return keep(build(unpack(scratch)), home)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/**
 * Starts a Keycloak with an empty database in memory on a free port, and waits until it answers.
 * What it says goes to `logFile`. `stop` ends it and waits for its end.
 */
export async function startKeycloak(home, logFile) {
  const url = `http://127.0.0.1:${await freePort()}`
  const admin = { username: 'admin', password: randomBytes(18).toString('base64url') }
  const log = openSync(logFile, 'w')
  const options = ['--optimized', '--cache=local', '--http-enabled=true', `--hostname=${url}`]
  const listen = ['--http-host=127.0.0.1', `--http-port=${new URL(url).port}`]
  const child = spawn(join(home, 'bin/kc.sh'), ['start', ...options, ...listen], {
    stdio: ['ignore', log, log],
    // A group of its own: a Ctrl-C is this program's to pass on, after the tests have ended.
    detached: true,
    env: javaEnvironment({
      KC_BOOTSTRAP_ADMIN_USERNAME: admin.username,
      KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
    }),
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const release = endWithThisProgram(child)
  const stop = () => end(child, ended).finally(release)
  try {
    await answers(`${url}/realms/master/.well-known/openid-configuration`, child)
  } catch (cause) {
    await stop()
    throw new Error(`Keycloak does not start. It said:\n${tail(readFileSync(logFile, 'utf8'))}`, {
      cause,
    })
  }
  return { url, admin, stop }
}

function cache() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pulse-counterparts')
  mkdirSync(folder, { recursive: true })
  return folder
}

function requireJava() {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin/java') : 'java'
  const { error, stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' })
  if (error) throw new NotThere(`Java ${oldestJava} or later is missing (${java}).`)
  const [, found] = /version "(\d+)/.exec(stderr) ?? []
  if (!(Number(found) >= oldestJava)) {
    throw new NotThere(`Java ${oldestJava} or later is missing: ${java} is ${found ?? 'unknown'}.`)
  }
}

function unpack(scratch) {
  console.log(`Getting Keycloak ${version} (177 MB, once)…`)
  const goal = ['dependency:unpack', `-Dartifact=${artifact}`, `-DoutputDirectory=${scratch}`]
  // Maven leaves markers where it stands.
  const got = runQuietly('mvn', ['-q', '-B', '-Dstyle.color=never', ...goal], {
    cwd: scratch,
    timeout: downloadMs,
  })
  if (got.error?.code === 'ENOENT') throw new NotThere('Maven (mvn) is missing.')
  const folder = join(scratch, `keycloak-${version}`)
  if (got.status === 0 && existsSync(folder)) return folder
  throw new NotThere(
    `Maven could not get ${artifact}. ${got.error?.message ?? firstFault(got.said)}`,
  )
}

/** Maven follows its one telling line with a page of advice. */
function firstFault(said) {
  return said.split('\n').find((line) => line.includes('[ERROR]')) ?? said
}

function build(folder) {
  console.log('Building Keycloak (once)…')
  const built = runQuietly(join(folder, 'bin/kc.sh'), ['build', '--db=dev-mem'], {
    timeout: buildMs,
    env: javaEnvironment(),
  })
  if (built.status === 0) return folder
  throw new Error(`Keycloak does not build:\n${built.error?.message ?? built.said}`)
}

/** Two runs at once may both have built one: the first stays. */
function keep(folder, home) {
  if (!existsSync(home)) renameSync(folder, home)
  return home
}

function javaEnvironment(more = {}) {
  return {
    ...process.env,
    JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx384m',
    // Started for minutes: the second compiler costs more than it gives (26 s to start, 12 s without).
    JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
    ...more,
  }
}

function runQuietly(program, args, options) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    ...options,
  })
  return { status, error, said: tail(`${stdout ?? ''}\n${stderr ?? ''}`, 40) }
}

async function answers(address, child) {
  const deadline = Date.now() + startMs
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    const answer = await fetch(address).catch(() => undefined)
    if (answer?.ok) return
    await pause(200)
  }
  throw new Error(`no answer within ${startMs / 1000} s`)
}

function endWithThisProgram(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const pass = () => child.kill('SIGTERM')
  for (const signal of signals) process.on(signal, pass)
  return () => {
    for (const signal of signals) process.off(signal, pass)
  }
}

/** The script passes SIGTERM on to Java; killed outright it would leave Java behind. */
async function end(child, ended) {
  if (child.exitCode !== null || child.pid === undefined) return
  child.kill('SIGTERM')
  const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), stopMs)
  await ended
  clearTimeout(late)
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function tail(text, lines = 12) {
  return text.trim().split('\n').slice(-lines).join('\n')
}
