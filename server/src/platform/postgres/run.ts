import { spawn } from 'node:child_process'
import type { RunAs } from './user.ts'

/** What a finished program left: its exit code (-1 when it could not be started) and its output. */
export interface Finished {
  readonly code: number
  readonly output: string
}

/**
 * The environment for PostgreSQL's programs. Not ours: `PG*` would change what they do, a locale or
 * time zone what they write, and secrets do not belong into another user's processes.
 */
export function environment(): Record<string, string> {
  const env: Record<string, string> = { LC_ALL: 'C', TZ: 'UTC' }
  for (const name of ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'SystemRoot', 'TEMP', 'TMP']) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return env
}

/** The part of the spawn options that makes a process run as `user`. */
export function as(user: RunAs | undefined): { uid?: number; gid?: number } {
  return user ? { uid: user.uid, gid: user.gid } : {}
}

/**
 * Runs a program to its end as `user`, with `input` to read. It starts in `/`, since the user may
 * not see our own folder.
 */
export function run(
  program: string,
  args: readonly string[],
  user: RunAs | undefined,
  input = '',
): Promise<Finished> {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(program, args, {
      ...as(user),
      cwd: '/',
      env: environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    // A program that ends without reading is no error of ours; its exit code tells.
    child.stdin.on('error', () => {}).end(input)
    child.on('error', (error) => resolve({ code: -1, output: error.message }))
    child.on('close', (code) => resolve({ code: code ?? -1, output }))
  })
}
