import type { Rejection, StoredMessage } from '@pulse/contract'

/** A line of the live tail. */
export type TailLine =
  | { readonly kind: 'stored'; readonly key: string; readonly message: StoredMessage }
  | { readonly kind: 'refused'; readonly key: string; readonly rejection: Rejection }

/** Stored and refused messages in one list, the newest arrival first. */
export function tailLines(
  messages: readonly StoredMessage[],
  rejections: readonly Rejection[],
): TailLine[] {
  const stored = messages.map((message) => ({
    kind: 'stored' as const,
    key: `${message.id} ${message.ts} ${message.receivedAt}`,
    message,
  }))
  const refused = rejections.map((rejection) => ({
    kind: 'refused' as const,
    key: rejection.id,
    rejection,
  }))
  return [...stored, ...refused].toSorted((a, b) => arrival(b) - arrival(a))
}

const arrival = (line: TailLine) =>
  Date.parse(line.kind === 'stored' ? line.message.receivedAt : line.rejection.at)

/** The lines that contain a text, whatever its case. */
export function filterTail(lines: readonly TailLine[], find: string): readonly TailLine[] {
  const wanted = find.trim().toLowerCase()
  if (wanted === '') return lines
  return lines.filter((line) =>
    JSON.stringify(line.kind === 'stored' ? line.message : line.rejection)
      .toLowerCase()
      .includes(wanted),
  )
}
