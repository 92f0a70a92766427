import { type Database, inTenant, type TenantSql } from '#platform'
import { type AuditRow, canonicalJson, type Seal } from './audit-canonical.ts'
import {
  type AuditFilter,
  type SealableRow,
  selectHead,
  selectLinks,
  selectWaiting,
} from './audit-rows.ts'

/** What the first line of an export says. */
export interface ExportHeader {
  readonly pulse: 'audit-export/v1'
  /** Key of the tenant. */
  readonly tenant: string
  readonly at: string
  /** False when a filter left rows out: gaps between positions are then no fault. */
  readonly complete: boolean
}

export interface ExportOptions {
  readonly tenant: number
  readonly tenantKey: string
  readonly filter: AuditFilter
  readonly at: string
}

/** Rows in order of the chain, then those that wait; a page at a time, each in a transaction of its own. */
async function* pages(
  db: Database,
  { tenant, filter }: ExportOptions,
): AsyncGenerator<SealableRow[]> {
  const within = <T>(work: (sql: TenantSql) => Promise<T>): Promise<T> => inTenant(db, tenant, work)
  const total = (await within((sql) => selectHead(sql, tenant)))?.position ?? 0
  for (let after = 0; after < total; ) {
    const links = await within((sql) => selectLinks(sql, tenant, { ...filter, after }))
    yield links.flatMap(({ seal, row }) => (row && seal.position <= total ? [{ row, seal }] : []))
    after = links.at(-1)?.seal.position ?? total
  }
  for (let after = 0; ; ) {
    const rows = await within((sql) => selectWaiting(sql, tenant, { ...filter, after }))
    if (rows.length === 0) return
    yield rows
    after = rows.at(-1)?.row.id ?? 0
  }
}

const isComplete = (filter: AuditFilter): boolean =>
  Object.values(filter).every((value) => value === undefined)

/**
 * The log as NDJSON: a header, one line for each row with its seal, and a line that says how many
 * there were, without which it was cut off. `pulse audit verify --file` proves it without Pulse's
 * database; docs/ops.md documents each field.
 */
export async function* exportNdjson(db: Database, options: ExportOptions): AsyncGenerator<string> {
  const header: ExportHeader = {
    pulse: 'audit-export/v1',
    tenant: options.tenantKey,
    at: options.at,
    complete: isComplete(options.filter),
  }
  yield `${JSON.stringify(header)}\n`
  let rows = 0
  for await (const page of pages(db, options)) {
    rows += page.length
    yield page.map((each) => `${lineOf(each)}\n`).join('')
  }
  yield `${JSON.stringify({ end: true, rows })}\n`
}

/** One row; `before` and `after` keep their numbers as they are stored. */
function lineOf({ row, seal }: SealableRow): string {
  const { before, after, ...facts } = row
  const plain = JSON.stringify({ ...facts, seal: seal ? sealFacts(seal) : null })
  return `${plain.slice(0, -1)},"before":${jsonOf(before)},"after":${jsonOf(after)}}`
}

const sealFacts = ({ audit: _, ...facts }: Seal): Omit<Seal, 'audit'> => facts

const jsonOf = (text: string | null): string => (text === null ? 'null' : canonicalJson(text))

/** A column of the CSV, and what stands in it. */
const columns: Readonly<Record<string, (each: SealableRow) => string | number | null | undefined>> =
  {
    position: ({ seal }) => seal?.position,
    ...Object.fromEntries(
      (
        [
          'id',
          'at',
          'actorKind',
          'actor',
          'actorName',
          'action',
          'subject',
          'before',
          'after',
          'requestId',
          'address',
        ] as const satisfies (keyof AuditRow)[]
      ).map((name) => [name, ({ row }: SealableRow) => row[name]]),
    ),
    digest: ({ seal }) => seal?.digest,
    previous: ({ seal }) => seal?.previous,
    hash: ({ seal }) => seal?.hash,
    sealedAt: ({ seal }) => seal?.sealedAt,
  }

/** The log as CSV (RFC 4180), to be read in a spreadsheet. */
export async function* exportCsv(db: Database, options: ExportOptions): AsyncGenerator<string> {
  yield `${Object.keys(columns).join(',')}\r\n`
  for await (const page of pages(db, options)) {
    yield page
      .map(
        (each) =>
          `${Object.values(columns)
            .map((of) => cell(of(each)))
            .join(',')}\r\n`,
      )
      .join('')
  }
}

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return ''
  const text = String(value)
  // A spreadsheet would run what begins so as a formula.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
