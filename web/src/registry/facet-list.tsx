import {
  type DeviceStatus,
  deviceStatuses,
  type Facets,
  type Severity,
  severities,
} from '@pulse/contract'
import { useQueries } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { formatCount } from '../ui/format.ts'
import { SeverityWord, StatusDot } from '../ui/status.tsx'
import classes from './devices.module.css'
import { facetsQuery } from './queries.ts'
import { isFacet, splitTerms, toggleFacet, withoutField } from './query-text.ts'

const SHOWN = 6

const groups = [
  { name: 'status', field: 'status', title: 'Status' },
  { name: 'alerts', field: 'alert', title: 'Alerts' },
  { name: 'type', field: 'type', title: 'Type' },
  { name: 'site', field: 'site', title: 'Site' },
  { name: 'firmware', field: 'firmware', title: 'Firmware' },
] as const
type Group = (typeof groups)[number]

/** Statuses and severities keep their places; the others come with the largest first. */
const fixedOrder: Partial<Record<Group['name'], readonly string[]>> = {
  status: deviceStatuses,
  alerts: severities.toReversed(),
}

interface FacetListProps {
  readonly q: string
  readonly onChange: (q: string) => void
  readonly open: boolean
}

/** Counts per value of a field; a click narrows the query to it, another takes that back. */
export function FacetList({ q, onChange, open }: FacetListProps) {
  const counts = useFacetCounts(q)
  return (
    <aside className={`${classes.facets} ${open ? classes.facetsOpen : ''}`} aria-label="Filters">
      {groups.map((group) => (
        <FacetGroup
          key={group.name}
          group={group}
          items={counts[group.name]}
          q={q}
          onChange={onChange}
        />
      ))}
    </aside>
  )
}

/**
 * A group that the query narrows is counted without its own terms, so that one sees what the
 * other values would give.
 */
function useFacetCounts(q: string): Partial<Facets> {
  const queries = groups.map((group) => withoutField(q, group.field) ?? q)
  const distinct = [...new Set(queries)]
  const answers = useQueries({ queries: distinct.map((each) => facetsQuery(each)) })
  return Object.fromEntries(
    groups.map((group, index) => {
      const answer = answers[distinct.indexOf(queries[index] ?? '')]
      return [group.name, answer?.data?.[group.name]]
    }),
  )
}

interface FacetGroupProps {
  readonly group: Group
  readonly items: Facets[Group['name']] | undefined
  readonly q: string
  readonly onChange: (q: string) => void
}

function FacetGroup({ group, items, q, onChange }: FacetGroupProps) {
  const [all, setAll] = useState(false)
  const order: readonly string[] = fixedOrder[group.name] ?? []
  const shown = (items ?? [])
    .filter(({ count, value }) => count > 0 && value !== '' && value !== 'none')
    .toSorted((a, b) => order.indexOf(a.value) - order.indexOf(b.value))
  if (shown.length === 0) return null
  const terms = splitTerms(q) ?? []
  return (
    <section>
      <h2>{group.title}</h2>
      {shown.slice(0, all ? undefined : SHOWN).map(({ value, label, count }) => {
        const active = terms.some((term) => isFacet(term, group.field, value))
        return (
          <button
            key={value}
            type="button"
            className={`${classes.facet} ${active ? classes.active : ''}`}
            aria-pressed={active}
            onClick={() => onChange(toggleFacet(q, group.field, value))}
          >
            <FacetLabel group={group.name} value={value} label={label} />
            <span>{formatCount(count)}</span>
          </button>
        )
      })}
      {shown.length > SHOWN && !all && (
        <button
          type="button"
          className={`${classes.facet} ${classes.more}`}
          onClick={() => setAll(true)}
        >
          <span>{shown.length - SHOWN} more…</span>
        </button>
      )}
    </section>
  )
}

interface FacetLabelProps {
  readonly group: Group['name']
  readonly value: string
  readonly label: string
}

function FacetLabel({ group, value, label }: FacetLabelProps): ReactNode {
  if (group === 'status' && deviceStatuses.includes(value as DeviceStatus)) {
    return <StatusDot status={value as DeviceStatus} />
  }
  if (group === 'alerts' && /^(?:critical|warning|info)$/.test(value)) {
    return <SeverityWord severity={value as Severity}>{capital(value)}</SeverityWord>
  }
  return <span className={group === 'firmware' ? 'mono' : undefined}>{label}</span>
}

const capital = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1)
