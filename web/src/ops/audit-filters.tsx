import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import { Chip } from '../ui/chip.tsx'
import { formatMoment } from '../ui/format.ts'
import { SearchField } from '../ui/search-field.tsx'
import classes from './audit.module.css'
import { actionFamilies } from './audit-words.ts'
import type { AuditLog } from './queries.ts'
import { type AuditSearch, auditRanges } from './search.ts'

const SETTLE_MS = 250

interface AuditFiltersProps {
  readonly log: AuditLog
  readonly search: AuditSearch
  readonly onChange: (patch: Partial<AuditSearch>) => void
}

/** What the log shows: family of actions, time, person, subject, and words anywhere. */
export function AuditFilters({ log, search, onChange }: AuditFiltersProps) {
  const { action, range, from, to } = search
  const families = actionFamilies.filter(({ platform }) => platform || log === '/v1/audit')
  const span = from !== undefined || to !== undefined
  return (
    <div className={classes.filters}>
      <Chip active={action === undefined} onClick={() => onChange({ action: undefined })}>
        Everything
      </Chip>
      {families.map(({ prefix, title }) => (
        <Chip
          key={prefix}
          active={action === prefix}
          onClick={() => onChange({ action: action === prefix ? undefined : prefix })}
        >
          {title}
        </Chip>
      ))}
      <span className={classes.rule} />
      {auditRanges.map(({ key, title }) => (
        <Chip
          key={key}
          active={range === key && !span}
          onClick={() =>
            onChange({ range: range === key ? undefined : key, from: undefined, to: undefined })
          }
        >
          {title}
        </Chip>
      ))}
      <Chosen search={search} onChange={onChange} />
      <Words text={search.text ?? ''} onChange={onChange} />
    </div>
  )
}

/** What was chosen elsewhere: a click takes it out. */
function Chosen({ search, onChange }: Omit<AuditFiltersProps, 'log'>) {
  const { actor, who, subject, action, from, to } = search
  const family = actionFamilies.some(({ prefix }) => prefix === action)
  return (
    <>
      {actor !== undefined && (
        <Chip active onClick={() => onChange({ actor: undefined, who: undefined })}>
          by {who ?? actor} ×
        </Chip>
      )}
      {action !== undefined && !family && (
        <Chip active onClick={() => onChange({ action: undefined })}>
          action {action} ×
        </Chip>
      )}
      {subject !== undefined && (
        <Chip active onClick={() => onChange({ subject: undefined })}>
          about {subject} ×
        </Chip>
      )}
      {(from !== undefined || to !== undefined) && (
        <Chip active onClick={() => onChange({ from: undefined, to: undefined })}>
          {from && `from ${formatMoment(from)} `}
          {to && `to ${formatMoment(to)} `}×
        </Chip>
      )}
    </>
  )
}

interface WordsProps {
  readonly text: string
  readonly onChange: AuditFiltersProps['onChange']
}

/** Asks when one has stopped typing, not at each key. */
function Words({ text, onChange }: WordsProps) {
  const [typed, setTyped] = useState(text)
  const settle = useDebouncedCallback((next: string) => {
    onChange({ text: next === '' ? undefined : next })
  }, SETTLE_MS)
  return (
    <SearchField
      label="Search the log"
      value={typed}
      onChange={(next) => {
        setTyped(next)
        settle(next)
      }}
    />
  )
}
