import { chown, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunAs } from './user.ts'

/** What Pulse sets, besides PostgreSQL's own defaults; `docs/postgres-embedded.md` says why. */
const defaults: Readonly<Record<string, string>> = {
  // An acknowledged message is durable: these three are never traded for speed.
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  shared_buffers: '256MB',
  wal_buffers: '16MB',
  min_wal_size: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '5min',
  checkpoint_completion_target: '0.9',
  wal_compression: 'off',
  // `minimal` writes as many bytes for a stored message (measured: 201 a row for either) and would
  // forbid pg_basebackup of the running server, which takes two senders.
  wal_level: 'replica',
  max_wal_senders: '2',
  max_connections: '60',
  jit: 'off',
  autovacuum: 'on',
  autovacuum_naptime: '30s',
  unix_socket_permissions: '0700',
  password_encryption: 'scram-sha-256',
  // The file is the whole truth; a setting made in SQL would outlive the upgrade that changes it.
  allow_alter_system: 'off',
  log_min_messages: 'warning',
  log_line_prefix: '%m [%p] ',
  log_timezone: 'UTC',
  timezone: 'UTC',
  lc_messages: 'C',
}

const hba = `# Written by Pulse at each start; edits are lost.
local all all scram-sha-256
local replication all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`

/** The two files of configuration, whole: a server that runs under other ones must restart. */
export interface Config {
  readonly 'postgresql.conf': string
  readonly 'pg_hba.conf': string
}

/**
 * Renders the configuration. `origin` names the binaries, so that a server of an older package
 * counts as one with other settings. Address and port are arguments of the postmaster.
 */
export function renderConfig(origin: string, settings: Readonly<Record<string, string>>): Config {
  const lines = Object.entries({ ...defaults, ...settings }).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`,
  )
  const head = `# Written by Pulse at each start; edits are lost.\n# For ${origin}\n`
  return { 'postgresql.conf': `${head}${lines.join('\n')}\n`, 'pg_hba.conf': hba }
}

/** Whether the files are those wanted. They are written only while no server runs. */
export async function hasConfig(data: string, config: Config): Promise<boolean> {
  for (const [name, text] of Object.entries(config)) {
    const found = await readFile(join(data, name), 'utf8').catch(() => undefined)
    if (found !== text) return false
  }
  return true
}

/** Replaces the files; a kill in between leaves the old or the new one. */
export async function writeConfig(
  data: string,
  config: Config,
  user: RunAs | undefined,
): Promise<void> {
  for (const [name, text] of Object.entries(config)) {
    const draft = join(data, `${name}.new`)
    await rm(draft, { force: true })
    // wx: as root in a folder of another user, never write through a link that lies there.
    await writeFile(draft, text, { flag: 'wx', mode: 0o600, flush: true })
    if (user) await chown(draft, user.uid, user.gid)
    await rename(draft, join(data, name))
  }
}
