import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { PostgresError } from './errors.ts'

/**
 * Takes a data folder for this process and returns how to release it. A second Pulse on one folder
 * would adopt the database of the first, and stop it when it leaves. The holder is known by process
 * id and start time, so that one that was killed never stands in the way.
 *
 * @throws `platform.postgres-in-use`
 */
export function takeOwnership(path: string): () => void {
  const mine = `${process.pid} ${startOf(process.pid)}`
  for (;;) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o644 })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const found = readIfThere(path)
    const pid = Number.parseInt(found, 10)
    if (pid > 0 && found === `${pid} ${startOf(pid)}`) {
      throw new PostgresError(
        'in-use',
        `Another Pulse (process ${pid}) uses this data folder.`,
        'Stop it first, or choose another data folder.',
      )
    }
    rmSync(path, { force: true })
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** When a process started, in any notation that stays the same while it lives; `''` if it does not. */
function startOf(pid: number): string {
  if (process.platform === 'linux') {
    // The name in parentheses may hold anything; the start is field 22, the 20th after it.
    const stat = readIfThere(`/proc/${pid}/stat`)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? '' : (fields[19] ?? '')
  }
  if (process.platform === 'win32') return isThere(pid) ? 'there' : ''
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
