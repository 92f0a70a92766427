import type { z } from 'zod'
import { Chip } from '../ui/chip.tsx'
import { formatCount } from '../ui/format.ts'
import classes from './alert.module.css'
import type { AlertsAnswer } from './queries.ts'
import type { alertsSearch } from './search.ts'

type Search = z.infer<typeof alertsSearch>

interface AlertFiltersProps {
  readonly search: Search
  readonly counts: AlertsAnswer['counts'] | undefined
  readonly onChange: (patch: Partial<Search>) => void
}

const severities = ['critical', 'warning', 'info'] as const

/** Which alerts are listed: by state with counts, by severity; other filters can be dropped. */
export function AlertFilters({ search, counts, onChange }: AlertFiltersProps) {
  return (
    <div className={classes.filters}>
      <States search={search} counts={counts} onChange={onChange} />
      <span className={classes.divider} />
      {severities.map((severity) => {
        const active = search.severity === severity
        return (
          <Chip
            key={severity}
            active={active}
            onClick={() => onChange({ severity: active ? undefined : severity, at: undefined })}
          >
            {severity}
          </Chip>
        )
      })}
      {(['device', 'rule'] as const).map(
        (name) =>
          search[name] && (
            <Chip key={name} active onClick={() => onChange({ [name]: undefined, at: undefined })}>
              {name} {search[name]} ×
            </Chip>
          ),
      )}
      <span className={classes.hint}>j k move · a acknowledge · e explain · Enter open</span>
    </div>
  )
}

function States({ search, counts, onChange }: AlertFiltersProps) {
  const { state = 'open' } = search
  const states = [
    { key: 'open', label: 'Open', count: counts && formatCount(counts.open) },
    {
      key: 'acknowledged',
      label: 'Acknowledged',
      count: counts && formatCount(counts.acknowledged),
    },
    {
      key: 'cleared',
      label: 'Cleared',
      count: counts && `· ${formatCount(counts.clearedToday)} today`,
    },
    { key: 'all', label: 'All', count: undefined },
  ] as const
  return states.map(({ key, label, count }) => (
    <Chip
      key={key}
      active={state === key}
      onClick={() => onChange({ state: key === 'open' ? undefined : key, at: undefined })}
    >
      {label} {count}
    </Chip>
  ))
}
