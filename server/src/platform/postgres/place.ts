import { createHash, randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { explainFile, PostgresError } from './errors.ts'
import { canReach, chooseUser, ownUid, type RunAs } from './user.ts'

/** Where one embedded PostgreSQL keeps what it has. */
export interface Place {
  /** The folder that the caller named: password, log, and `data` or a link to it. */
  readonly folder: string
  /** Whom PostgreSQL runs as, when not as ourselves. */
  readonly user: RunAs | undefined
  readonly data: string
  readonly logFile: string
  /** The folder of the unix socket; `undefined` where there are none (Windows). */
  readonly sockets: string | undefined
}

/** The file name of the socket is derived from it; two servers never share a folder. */
export const SOCKET_PORT = 5432

/** `sun_path` holds 104 bytes with its final zero on macOS, 108 on Linux. */
const MAX_SOCKET_PATH = 103

const ROOT_HOME = '/var/lib/pulse'

/** Makes `folder` and finds out where data and socket go, as whom. Touches no data. */
export async function findPlace(path: string, log: (line: string) => void): Promise<Place> {
  const folder = await makeFolder(path)
  try {
    const link = await readlink(join(folder, 'data')).catch(() => undefined)
    let data = link === undefined ? join(folder, 'data') : resolve(folder, link)
    const owner = await stat(data).catch(() => undefined)
    const user = chooseUser(owner)
    if (user && link === undefined) data = await reachable(user, folder, owner !== undefined, log)
    if (link !== undefined) await mkdir(dirname(data), { recursive: true, mode: 0o755 })
    refuseForeign(data, owner?.uid, user)
    const sockets = process.platform === 'win32' ? undefined : await socketFolder(data, user)
    return { folder, user, data, logFile: join(folder, 'postgres.log'), sockets }
  } catch (error) {
    throw error instanceof PostgresError ? error : explainFile(folder, error)
  }
}

async function makeFolder(path: string): Promise<string> {
  try {
    const mode = ownUid() === 0 ? 0o711 : 0o700
    await mkdir(path, { recursive: true, mode })
    const folder = await realpath(path)
    const found = await stat(folder)
    // Another user must pass through it to the data; what lies in it is closed itself.
    if (ownUid() === 0 && found.uid === 0 && (found.mode & 0o011) !== 0o011) {
      await chmod(folder, (found.mode & 0o777) | 0o011)
    }
    return folder
  } catch (error) {
    throw explainFile(path, error)
  }
}

async function reachable(
  user: RunAs,
  folder: string,
  hasData: boolean,
  log: (line: string) => void,
): Promise<string> {
  if (await canReach(user, folder)) return join(folder, 'data')
  if (hasData) {
    const message = `PostgreSQL’s data are in ${folder}, which the user ${user.name} cannot reach.`
    const remedy = 'Let others pass through the folders above it (chmod o+x), or move it.'
    throw new PostgresError('unreachable', message, remedy)
  }
  const home = join(ROOT_HOME, shortHash(folder))
  const data = join(home, 'data')
  await mkdir(home, { recursive: true, mode: 0o755 })
  await Promise.all([chmod(ROOT_HOME, 0o755), chmod(home, 0o755)])
  await symlink(data, join(folder, 'data'))
  log(`PostgreSQL runs as ${user.name}, who cannot reach ${folder}: its data are in ${home}`)
  return data
}

function refuseForeign(data: string, owner: number | undefined, user: RunAs | undefined): void {
  if (owner === undefined || process.platform === 'win32') return
  if (user ? owner === user.uid || owner === 0 : owner === ownUid()) return
  throw new PostgresError(
    'foreign-data',
    `The data in ${data} belong to the user with the id ${owner}.`,
    'Run Pulse as that user or as root, change the owner (chown -R), or choose another folder.',
  )
}

async function socketFolder(data: string, user: RunAs | undefined): Promise<string> {
  const beside = join(dirname(data), 'run')
  const uid = user?.uid ?? ownUid()
  // postgres.js takes a comma or a colon in a host for several hosts or a port.
  const fits = Buffer.byteLength(socketPath(beside)) <= MAX_SOCKET_PATH && !/[,:]/.test(beside)
  const folder = fits ? beside : join(tmpdir(), `pulse-${uid}-${shortHash(data)}`)
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lstat(folder)
  const ours = found.uid === uid || found.uid === ownUid()
  if (!found.isDirectory() || !ours) {
    const message = `${folder}, meant for PostgreSQL’s socket, belongs to somebody else.`
    throw new PostgresError('foreign-folder', message, 'Remove it, then start again.')
  }
  if (user) await chown(folder, user.uid, user.gid)
  await chmod(folder, 0o700)
  return folder
}

/** The path of the socket in its folder. */
export function socketPath(folder: string): string {
  return join(folder, `.s.PGSQL.${SOCKET_PORT}`)
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** The superuser's password, if its file is there. */
export async function readPassword(folder: string): Promise<string | undefined> {
  const path = passwordFile(folder)
  const found = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw explainFile(path, error)
    return ''
  })
  return found.trim() || undefined
}

/** A password that needs no quoting anywhere. */
export function makePassword(): string {
  return randomBytes(24).toString('base64url')
}

/** Keeps the superuser's password where only Pulse's own user may read it. */
export async function keepPassword(folder: string, password: string): Promise<void> {
  const path = passwordFile(folder)
  await rm(`${path}.new`, { force: true })
  await writeFile(`${path}.new`, `${password}\n`, { flag: 'wx', mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
  await syncFolder(folder)
}

function passwordFile(folder: string): string {
  return join(folder, 'postgres.password')
}

/** Makes a rename in `folder` durable. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder, and needs no such thing.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
