import { execFileSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { run } from './run.ts'
import type { RunAs } from './user.ts'

/** A running postmaster, ours by birth or by adoption. */
export interface Postmaster {
  readonly pid: number
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>
}

/** What `data/postmaster.pid` says. */
export interface PidFile {
  readonly pid: number
  readonly port: number
  /** The folder of the unix socket; empty if there is none. */
  readonly sockets: string
  readonly status: 'starting' | 'ready' | 'stopping'
}

/** Reads `postmaster.pid`; `undefined` when there is none or it holds no process id. */
export async function readPidFile(data: string): Promise<PidFile | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  const word = lines[7]
  const status = word === 'ready' || word === 'stopping' ? word : 'starting'
  return { pid, port: Number(lines[3]), sockets: lines[4] ?? '', status }
}

/** No system gives such a process id. */
const NOBODYS_PID = 2_147_483_646

/**
 * Makes a lock file whose process is gone harmless; `false` if it is not gone. A recycled process id
 * would make PostgreSQL believe in a rival, so it is overwritten; the rest stays, since PostgreSQL
 * finds orphaned backends by the shared memory that the file names.
 */
export async function disarmPidFile(data: string): Promise<boolean> {
  const path = join(data, 'postmaster.pid')
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return true
  const pid = Number.parseInt(text, 10)
  if (pid > 0 && isPostmaster(pid, data)) return false
  if (pid > 0) await writeFile(path, text.replace(/^.*/, `${NOBODYS_PID}`))
  else await rm(path, { force: true })
  return true
}

/** Whether the process `pid` is a postmaster of this data folder, rather than one that got its id. */
export function isPostmaster(pid: number, data: string): boolean {
  if (!isAlive(pid)) return false
  if (process.platform === 'win32') return isNamedPostgres(pid)
  const words = commandOf(pid)
  const folder = words[words.indexOf('-D') + 1]
  if (!words[0]?.includes('postgres') || folder === undefined) return false
  try {
    return folder === data || realpathSync(folder) === realpathSync(data)
  } catch {
    return false
  }
}

function isNamedPostgres(pid: number): boolean {
  const args = ['/FI', `PID eq ${pid}`, '/NH', '/FO', 'CSV']
  const program = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'tasklist.exe')
  return execFileSync(program, args, { encoding: 'utf8' }).includes('postgres.exe')
}

function commandOf(pid: number): string[] {
  try {
    // The folder of /proc/PID/cwd would be simpler, but needs CAP_SYS_PTRACE for another's process.
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const text = execFileSync('ps', ['-ww', '-o', 'command=', '-p', `${pid}`], { encoding: 'utf8' })
    const [program = '', rest = ''] = text.trim().split(' -D ')
    return [program, '-D', rest.split(/ -[a-z] /)[0] ?? '']
  } catch {
    return []
  }
}

/** Whether a process runs. One that ended and was not yet fetched by its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  if (process.platform !== 'linux') return true
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

/** Watches a process that is not our child. The watch alone does not keep Pulse alive. */
export function watch(pid: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isAlive(pid)) return
      clearInterval(timer)
      resolve()
    }, 50).unref()
  })
}

/** Stops a postmaster: in order, at once after 10 s, by force after another 5 s. */
export async function stopPostmaster(
  postmaster: Postmaster,
  data: string,
  binaries: Binaries,
  mode: 'fast' | 'immediate' = 'fast',
): Promise<void> {
  const steps = [
    ['fast', 'SIGINT', 10_000],
    ['immediate', 'SIGQUIT', 5_000],
    ['kill', 'SIGKILL', 5_000],
  ] as const
  for (const [step, signal, patienceMs] of mode === 'fast' ? steps : steps.slice(1)) {
    // Node ends a process of Windows outright, whatever the signal.
    if (process.platform === 'win32' && step !== 'kill') {
      await run(binaries.pgCtl, ['stop', '-D', data, '-m', step, '-t', '10'], undefined)
    } else {
      send(postmaster.pid, signal)
      // One that was suspended hears nothing until it goes on.
      send(postmaster.pid, 'SIGCONT')
    }
    if (await endsWithin(postmaster, patienceMs)) return
  }
}

async function endsWithin(postmaster: Postmaster, patienceMs: number): Promise<boolean> {
  const settled = new AbortController()
  const late = delay(patienceMs, false, { signal: settled.signal }).catch(() => false)
  const ended = await Promise.race([postmaster.gone.then(() => true), late])
  settled.abort()
  return ended
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/**
 * Ends the backends that outlived a killed postmaster: a long query notices its death only when it
 * next waits, and until then no new postmaster may start.
 */
export async function endOrphans(data: string, user: RunAs | undefined): Promise<void> {
  // As the user of PostgreSQL, who alone may always see where its processes are.
  const script = `for p in /proc/[0-9]*; do
    if [ "$(readlink "$p/cwd" 2>/dev/null)" = "$1" ]; then kill -KILL "\${p#/proc/}"; fi
  done; true`
  if (process.platform === 'linux') await run('/bin/sh', ['-c', script, 'sh', data], user)
}
