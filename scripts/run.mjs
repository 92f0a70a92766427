/** Runs programs on the project's own Node, with signals passed on and the exit code kept. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project, as a URL that ends in a slash. */
export const root = new URL('../', import.meta.url)

const bin = fileURLToPath(new URL('node_modules/.bin', root))

/** Node 24, as the npm package `node` brings it. */
export const node24 = fileURLToPath(
  new URL(`node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`, root),
)

/** The environment with the project's own programs first on the PATH, so that `node` is 24. */
export function withOwnPrograms(env = process.env) {
  const others = pathOf(env).filter((folder) => folder !== bin)
  return { ...env, PATH: [bin, ...others].join(delimiter) }
}

/** The environment without them: what reinstalls them must not run on them. */
export function withoutOwnPrograms(env = process.env) {
  const others = pathOf(env).filter((folder) => folder !== bin)
  return { ...env, PATH: others.join(delimiter) }
}

function pathOf(env) {
  return (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
}

/** Runs a file of the project on Node 24 and resolves to its exit code. */
export function run(program, args = [], nodeArgs = []) {
  const file = fileURLToPath(new URL(program, root))
  const guard = new URL('scripts/end-with-parent.mjs', root).href
  return execute(node24, [...nodeArgs, '--import', guard, file, ...args])
}

/** Runs any program and resolves to its exit code (128 + n when signal n ended it). */
export function execute(program, args, options = {}) {
  const child = spawn(program, args, {
    stdio: 'inherit',
    cwd: fileURLToPath(root),
    env: withOwnPrograms(),
    ...options,
  })
  const stop = passSignals(child)
  return new Promise((resolve) => {
    child.once('error', (cause) => {
      stop()
      console.error(`${program} does not start: ${cause.message}`)
      resolve(127)
    })
    child.once('close', (code, signal) => {
      stop()
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

/**
 * A terminal gives Ctrl-C to every process of the foreground group, so the child has it already,
 * and npm sends a second one to its script. Without a terminal nobody told the child. Either way
 * it shall see one signal, and this process waits for it.
 */
function passSignals(child) {
  const repeatMs = 2000
  const lastAt = new Map()
  const pass = (signal) => {
    const now = Date.now()
    const repeated = now - (lastAt.get(signal) ?? Number.NEGATIVE_INFINITY) < repeatMs
    lastAt.set(signal, now)
    const hasIt = signal === 'SIGINT' && process.stdin.isTTY
    if (!repeated && !hasIt) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, pass)

  // Killed outright, npm passes nothing on. Its script then has another parent.
  const parent = process.ppid
  const orphaned = setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM')
  }, 1000)
  if (process.env.npm_lifecycle_event === undefined) clearInterval(orphaned)
  orphaned.unref()

  return () => {
    clearInterval(orphaned)
    for (const signal of signals) process.off(signal, pass)
  }
}
