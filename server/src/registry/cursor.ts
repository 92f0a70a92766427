import { PulseError } from '#platform'

export type DeviceSort = 'key' | '-key' | 'lastMessage' | '-lastMessage' | 'alerts'

/** Where a page ended: the sort value and the key of its last row. */
export interface Cursor {
  readonly key: string
  /** Epoch milliseconds for last message, null for never; the order of alerts; unused for keys. */
  readonly value: number | null
}

/** Writes a cursor: opaque to whoever holds it, and good for this sort only. */
export const writeCursor = (sort: DeviceSort, { key, value }: Cursor): string =>
  Buffer.from(JSON.stringify([sort, key, value])).toString('base64url')

/** @throws `platform.invalid` for what {@link writeCursor} did not write for this sort */
export function readCursor(sort: DeviceSort, text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined
  const parts = decode(text)
  const [madeFor, key, value] = Array.isArray(parts) ? (parts as unknown[]) : []
  const fits =
    madeFor === sort && typeof key === 'string' && (value === null || Number.isSafeInteger(value))
  if (!fits || Math.abs((value as number | null) ?? 0) > 8.64e15 || key.includes('\0')) {
    throw new PulseError('platform.invalid', {
      detail: 'The cursor is not one of this list and sort.',
    })
  }
  return { key, value: value as number | null }
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
