import { createHash } from 'node:crypto'

declare global {
  interface JSON {
    /** A reviver is told how the value stood in the text (ECMAScript 2025; not in TypeScript's library). */
    parse(
      text: string,
      reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown
  }
}

/** An audit row as it is sealed, exported and verified. Texts are as they are stored. */
export interface AuditRow {
  readonly id: number
  /** UTC with microseconds: `2026-11-24T17:20:00.123456Z`. */
  readonly at: string
  readonly actorKind: string
  readonly actor: string
  readonly actorName: string | null
  readonly action: string
  readonly subject: string
  /** JSON texts. */
  readonly before: string | null
  readonly after: string | null
  readonly requestId: string | null
  readonly address: string | null
}

/** One link of a chain. Digests are SHA-256 in lower-case hex. */
export interface Seal {
  /** Counts from 1 without gaps. */
  readonly position: number
  /** Id of the row that it seals. */
  readonly audit: number
  /** Of the row. */
  readonly digest: string
  /** The `hash` of the seal before it; {@link GENESIS} for the first. */
  readonly previous: string
  /** Of this seal, and so of everything before it. */
  readonly hash: string
  /** UTC with microseconds. */
  readonly sealedAt: string
}

/** What the first seal of a chain follows. */
export const GENESIS = '0'.repeat(64)

/**
 * What of a row is sealed, as one text: a JSON array without spaces, the objects in it with their
 * names sorted by UTF-16 code units, strings as `JSON.stringify` writes them, numbers as they are
 * stored. The same row gives the same text in whatever order a database keeps the names.
 */
export const canonicalRow = (row: AuditRow): string =>
  `["pulse-audit-row/1",${JSON.stringify(row.at)},${[row.actorKind, row.actor, row.actorName, row.action, row.subject].map((text) => JSON.stringify(text)).join(',')},${canonicalOf(row.before)},${canonicalOf(row.after)},${JSON.stringify(row.requestId)},${JSON.stringify(row.address)}]`

/** The digest of a row, without its id: two rows that changed places can be told from two that were edited. */
export const digestOf = (row: AuditRow): string => sha256(canonicalRow(row))

/** The hash of a seal. It holds the id of the row, so that a seal cannot be moved to another. */
export const hashOf = ({
  position,
  audit,
  digest,
  previous,
  sealedAt,
}: Omit<Seal, 'hash'>): string =>
  sha256(JSON.stringify(['pulse-audit-seal/1', position, audit, digest, previous, sealedAt]))

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const canonicalOf = (json: string | null): string => (json === null ? 'null' : canonicalJson(json))

/** A JSON text in the one form that {@link canonicalRow} describes. */
export const canonicalJson = (text: string): string => writeExact(parseExact(text))

/** Reads JSON with its numbers as they are written: 30.0 is not 30, and 2^64 is not rounded. */
export const parseExact = (text: string): unknown =>
  JSON.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined ? new NumberText(source) : value,
  )

class NumberText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Writes what {@link parseExact} has read, in canonical form. */
export function writeExact(value: unknown): string {
  if (value instanceof NumberText) return value.text
  if (Array.isArray(value)) return `[${value.map(writeExact).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${writeExact(field)}`).join(',')}}`
}
