import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

/** Clock ticks a second in `/proc`; it is 100 on every Linux that Node runs on. */
const TICKS = 100

interface Stat {
  readonly parent: number
  readonly ownSeconds: number
  /** Of children that ended and were waited for. */
  readonly endedSeconds: number
}

/** What `/proc` says of a process; undefined when it is gone, or where there is no `/proc`. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const seconds = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) / TICKS
    return { parent: Number(fields[1]), ownSeconds: seconds(11), endedSeconds: seconds(13) }
  } catch {
    return undefined
  }
}

/** Processes whose parent is `pid`. Empty where there is no `/proc`. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return all.map(Number).filter((each) => statOf(each)?.parent === pid)
  } catch {
    return []
  }
}

/** What a backend calls itself, such as `postgres: pulse_pipeline pulse [local] idle`. */
export function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? ''
  } catch {
    return ''
  }
}

/** User and system time of a process, seconds. */
export const cpuSecondsOf = (pid: number): number => statOf(pid)?.ownSeconds ?? 0

/** The same of a postmaster with all its children, those that ended included. */
export function cpuSecondsOfAll(postmaster: number): number {
  const own = statOf(postmaster)
  const children = childrenOf(postmaster).reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)
  return (own?.ownSeconds ?? 0) + (own?.endedSeconds ?? 0) + children
}

/** The postmaster of a data folder of Pulse; undefined when none has been started. */
export function postmasterOf(folder: string): number | undefined {
  try {
    const data = realpathSync(join(folder, 'postgres', 'data'))
    const pid = Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10)
    return statOf(pid) ? pid : undefined
  } catch {
    return undefined
  }
}
