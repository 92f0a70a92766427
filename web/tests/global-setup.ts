import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Demo, readDemo } from './pulse.ts'
import { tokenSource } from './token-client.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const START_MS = 90_000
const STOP_MS = 10_000

/** Builds the portal if its sources changed, and starts Pulse with its demo on free ports. */
export default async function setup() {
  run('scripts/bootstrap.mjs', 'build')
  const data = mkdtempSync(join(tmpdir(), 'pulse-pages-'))
  // Run as root, PostgreSQL is another user: where it may pass, it keeps its files in here.
  chmodSync(data, 0o711)
  const server = spawn(
    process.execPath,
    ['server/src/main.ts', '--port', '0', '--mqtt-port', '0', '--data', data],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const said = listen(server)
  const stop = () => end(server, data)
  try {
    const demo = await started(join(data, 'demo.json'), server)
    // Where people sign in elsewhere, the demo has no admin to ask as.
    if (!process.env['PULSE_OIDC_ISSUER']) await fleetIsLive(demo)
    process.env['PULSE_DEMO_FILE'] = join(data, 'demo.json')
  } catch (error) {
    await stop()
    throw new Error(`Pulse did not start for the page tests. It said:\n${said().slice(-4000)}`, {
      cause: error,
    })
  }
  return stop
}

function run(program: string, ...args: readonly string[]) {
  const { status } = spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed`)
}

function listen(server: ChildProcess): () => string {
  let said = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  }
  return () => said
}

/** What may not be there yet: polled until it is, or the time is over. */
async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined) {
  const deadline = Date.now() + START_MS
  while (Date.now() < deadline) {
    const found = await look()
    if (found !== undefined) return found
    await pause(200)
  }
  throw new Error(`${what} took longer than ${START_MS / 1000} s`)
}

const started = (file: string, server: ChildProcess) =>
  until('the start', async () => {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`)
    const demo = existsSync(file) && written(file)
    if (!demo) return undefined
    const answer = await fetch(`${demo.url}/v1/sign-in`).catch(() => undefined)
    return answer ? demo : undefined
  })

/** The file once it is whole: it may be read while it is being written. */
function written(file: string): Demo | undefined {
  try {
    return readDemo(file)
  } catch {
    return undefined
  }
}

const fleetIsLive = async (demo: Demo) => {
  const token = tokenSource(demo.url, demo)
  await until('the demo fleet', async () => {
    const headers = { authorization: `Bearer ${await token()}` }
    const answer = await fetch(`${demo.url}/v1/overview`, { headers })
    const { devices } = (await answer.json()) as { devices?: { online: number } }
    return devices && devices.online >= 10 ? true : undefined
  })
}

async function end(server: ChildProcess, data: string) {
  if (server.exitCode === null) {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGTERM')
    const late = setTimeout(() => server.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(late)
  }
  rmSync(data, { recursive: true, force: true })
}
