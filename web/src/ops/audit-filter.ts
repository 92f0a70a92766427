import { type AuditSearch, auditRanges } from './search.ts'

/** What the API is asked for. */
export type AuditFilter = Readonly<
  Partial<Record<'actor' | 'action' | 'subject' | 'text' | 'from' | 'to', string>>
>

const MINUTE_MS = 60_000
const TEXT_MIN = 2

/** What the API is asked for. A range begins on a whole minute, so that asking again asks the same. */
export function filterOf(search: AuditSearch, now: number): AuditFilter {
  const { actor, action, subject, text = '', from, to, range } = search
  const back = auditRanges.find(({ key }) => key === range)?.ms
  const since = Math.floor((now - (back ?? 0)) / MINUTE_MS) * MINUTE_MS
  return defined({
    actor,
    action,
    subject,
    to,
    from: from ?? (back === undefined ? undefined : new Date(since).toISOString()),
    text: text.trim().length < TEXT_MIN ? undefined : text.trim(),
  })
}

const defined = (all: Readonly<Record<string, string | undefined>>): AuditFilter =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
