import { createHash, type Hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable, Transform, type TransformCallback } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import {
  type Database,
  inSnapshot,
  type TenantSql,
  type TenantTable,
  tenantTables,
} from '#platform'

/** Format of the archive; docs/ops.md describes it. */
export const EXPORT_FORMAT = 'pulse-tenant-export/1'
const ROWS_AT_ONCE = 1000

/** A file of the archive, as the manifest tells of it. */
export interface ExportedFile {
  readonly file: string
  readonly table: string
  readonly columns: readonly string[]
  /** Columns that are left out: secrets and what they are checked against. */
  readonly left: readonly string[]
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}

export interface ArchiveDeps {
  /** Pool of `pulse_app`: what it may not read is not exported. */
  readonly app: Database
  readonly tenant: number
  readonly path: string
  /** What the manifest says besides its files. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly onProgress: (progress: {
    tables: number
    tablesDone: number
    rows: number
  }) => Promise<void>
}

/** Size and SHA-256 of an archive that was written. */
export interface Archive {
  readonly bytes: number
  readonly sha256: string
}

/**
 * Writes everything of a tenant that requests may read into a zip: a file of NDJSON for each table
 * that the database has with a tenant, and a manifest. All of it is from one snapshot. Streamed:
 * memory does not grow with the tenant.
 */
export async function writeArchive(deps: ArchiveDeps): Promise<Archive> {
  const zip = new ZipFile()
  const failed = new AbortController()
  const written = write(zip, deps.path)
  // Nobody reads the rest of a table when the file cannot be written.
  written.catch((error: unknown) => failed.abort(error))
  try {
    await inSnapshot(deps.app, deps.tenant, (sql) => fill(zip, sql, deps, failed.signal))
    zip.end()
    return await written
  } catch (error) {
    const output = zip.outputStream as Readable
    output.destroy()
    await written.catch(() => {})
    throw failed.signal.aborted ? failed.signal.reason : error
  }
}

async function fill(
  zip: ZipFile,
  sql: TenantSql,
  { facts, onProgress }: ArchiveDeps,
  signal: AbortSignal,
): Promise<void> {
  const all = await tenantTables(sql)
  const tables = [...all.filter(({ columns }) => columns.length > 0), members]
  const files: ExportedFile[] = []
  let rows = 0
  const tell = () => onProgress({ tables: tables.length, tablesDone: files.length, rows })
  for (const table of tables) {
    await tell()
    const file = await addTable(zip, sql, table, signal)
    rows += file.rows
    files.push(file)
  }
  const leftOut = all.filter(({ columns }) => columns.length === 0).map(({ name }) => name)
  const manifest = { format: EXPORT_FORMAT, ...facts, files, leftOut }
  zip.addBuffer(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`), 'manifest.json')
  await tell()
}

/** People are in no table of a tenant: who belongs to it is told by a function. */
const members = {
  name: 'registry.members',
  columns: ['person', 'username', 'name', 'email', 'role', 'active', 'joinedAt', 'lastSeenAt'],
  hidden: [],
}
type Exported = Pick<TenantTable, 'name' | 'columns' | 'hidden'>

const rowsOf = (sql: TenantSql, { name, columns }: Exported) => {
  const source = name === members.name ? sql`registry.members()` : sql`${sql(name)}`
  const given = sql`select ${sql([...columns])} from ${source}`
  return sql<{ line: string }[]>`select row_to_json(r)::text as line from (${given}) r`
}

async function addTable(
  zip: ZipFile,
  sql: TenantSql,
  table: Exported,
  signal: AbortSignal,
): Promise<ExportedFile> {
  const file = `${table.name}.ndjson`
  const tally = new Tally()
  let rows = 0
  const lines = async function* () {
    for await (const batch of rowsOf(sql, table).cursor(ROWS_AT_ONCE)) {
      rows += batch.length
      yield Buffer.from(batch.map(({ line }) => `${line}\n`).join(''))
    }
  }
  zip.addReadStream(tally, file)
  const source = Readable.from(lines(), { objectMode: false })
  await Promise.all([pipeline(source, tally, { signal }), finished(tally, { signal })])
  const { columns, hidden } = table
  return { file, table: table.name, columns, left: hidden, rows, ...tally.facts() }
}

async function write(zip: ZipFile, path: string): Promise<Archive> {
  const tally = new Tally()
  const file = createWriteStream(path, { mode: 0o600, flags: 'w', flush: true })
  await pipeline(zip.outputStream as Readable, tally, file)
  return tally.facts()
}

/** Counts and hashes what passes through. */
class Tally extends Transform {
  readonly #hash: Hash = createHash('sha256')
  #bytes = 0

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk)
    this.#bytes += chunk.length
    done(null, chunk)
  }

  facts(): Archive {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}
