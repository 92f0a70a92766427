import { readFileSync } from 'node:fs'
import { PostgresError } from './errors.ts'
import { run } from './run.ts'

/** The unprivileged user that PostgreSQL runs as when Pulse runs as root. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
  readonly name: string
}

/** The user id of Pulse itself; -1 where there is no such thing (Windows). */
export function ownUid(): number {
  return process.getuid?.() ?? -1
}

/**
 * Whom PostgreSQL runs as; `undefined` is the user of Pulse itself, always so unless that is root.
 * Data that exist keep their owner: the user `postgres` may have been added since.
 */
export function chooseUser(owner: { uid: number; gid: number } | undefined): RunAs | undefined {
  if (ownUid() !== 0) return undefined
  const users = readUsers()
  if (owner && owner.uid !== 0) {
    const known = [...users.values()].find(({ uid }) => uid === owner.uid)
    return known ?? { uid: owner.uid, gid: owner.gid, name: `${owner.uid}` }
  }
  const user = users.get('postgres') ?? users.get('nobody')
  if (user && user.uid > 0) return user
  throw new PostgresError(
    'no-user',
    'Pulse runs as root, PostgreSQL must not, and there is neither a user postgres nor nobody.',
    'Add a user postgres, or run Pulse as an ordinary user.',
  )
}

function readUsers(): Map<string, RunAs> {
  const users = new Map<string, RunAs>()
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name && uid && gid) users.set(name, { name, uid: Number(uid), gid: Number(gid) })
  }
  return users
}

/** Whether `user` gets to `folder`: a folder above it may be closed, as /root is. */
export async function canReach(user: RunAs, folder: string): Promise<boolean> {
  const { code } = await run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], user)
  return code === 0
}
