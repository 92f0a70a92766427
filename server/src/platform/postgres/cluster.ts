import { randomUUID } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { explain, PostgresError } from './errors.ts'
import { keepPassword, makePassword, type Place, readPassword, syncFolder } from './place.ts'
import { run } from './run.ts'
import type { RunAs } from './user.ts'

const MAJOR = '18'

/** The superuser that initdb makes, and the database that it connects to. */
export const SUPERUSER = 'postgres'

/** How the superuser gets into the cluster. */
export interface Access {
  readonly password: string
  /** The file of the password was gone: {@link resetPassword} before the server starts. */
  readonly isLost: boolean
}

/**
 * Sees to it that the data folder holds a whole cluster, and returns the superuser's password. A cluster is built aside and renamed when it is flushed: one that was killed half-way is redone.
 */
export async function ensureCluster(
  place: Place,
  binaries: Binaries,
  log: (line: string) => void,
): Promise<Access> {
  const kept = await readPassword(place.folder)
  const password = kept ?? makePassword()
  const version = await readFile(join(place.data, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version?.trim() === MAJOR) {
    if (place.user) await giveBack(place.data, place.user)
    return { password, isLost: kept === undefined }
  }
  if (version !== undefined) throw otherVersion(version.trim())
  const found = await readdir(place.data).catch(() => [])
  if (found.length > 0) {
    const message = `${place.data} holds files, but no PostgreSQL cluster.`
    throw new PostgresError('not-a-cluster', message, 'Choose another data folder.')
  }
  log(`making a new PostgreSQL cluster in ${place.data}`)
  if (kept === undefined) await keepPassword(place.folder, password)
  await build(place, binaries, password)
  return { password, isLost: false }
}

/** Gives the superuser a new password where the old one is lost. No server may run on the data. */
export async function resetPassword(
  place: Place,
  binaries: Binaries,
  password: string,
): Promise<void> {
  const args = ['--single', '-D', place.data, '-j', 'postgres']
  const statement = `alter role ${SUPERUSER} password '${password}'`
  const { code, output } = await run(binaries.postgres, args, place.user, `${statement}\n`)
  if (code !== 0 || /ERROR:/.test(output)) throw explain('Setting a new password', output)
  await keepPassword(place.folder, password)
}

function otherVersion(version: string): PostgresError {
  return explain('', `initialized by PostgreSQL version ${version}, `)
}

async function build(place: Place, binaries: Binaries, password: string): Promise<void> {
  await removeDrafts(place.data)
  // A name of its own: the initdb of a killed Pulse may still write to the draft of that one.
  const draft = `${place.data}.new-${randomUUID()}`
  const passwordFile = `${draft}-password`
  await mkdir(draft, { mode: 0o700 })
  // initdb reads the password as its own user, who may not read ours.
  await writeFile(passwordFile, password, { flag: 'wx', mode: 0o600 })
  if (place.user) {
    await chown(draft, place.user.uid, place.user.gid)
    await chown(passwordFile, place.user.uid, place.user.gid)
  }
  // The builtin provider sorts alike on every machine and needs no locale of the system.
  const args = ['-D', draft, '-U', SUPERUSER, '--encoding=UTF8', '--locale=C']
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--auth=scram-sha-256')
  args.push(`--pwfile=${passwordFile}`, '--no-instructions')
  try {
    const { code, output } = await run(binaries.initdb, args, place.user)
    if (code !== 0) throw explain('initdb', output)
  } catch (error) {
    await removeDrafts(place.data)
    throw error
  } finally {
    await rm(passwordFile, { force: true })
  }
  // An empty folder may be there already; rename replaces it, except on Windows.
  if (process.platform === 'win32') await rm(place.data, { recursive: true, force: true })
  await rename(draft, place.data)
  await syncFolder(dirname(place.data))
}

async function removeDrafts(data: string): Promise<void> {
  for (const name of await readdir(dirname(data))) {
    if (!name.startsWith(`${basename(data)}.new-`)) continue
    // What still grows under our hands is left to the next time.
    await rm(join(dirname(data), name), { recursive: true, force: true, maxRetries: 3 }).catch(
      () => {},
    )
  }
}

/** Data that somebody gave to root (`chown -R root`) return to the user whom PostgreSQL runs as. */
async function giveBack(folder: string, user: RunAs): Promise<void> {
  if ((await stat(folder)).uid === user.uid) return
  const { code, output } = await run('chown', ['-hR', `${user.uid}:${user.gid}`, folder], undefined)
  if (code !== 0) throw explain(`Changing the owner of ${folder}`, output)
}
