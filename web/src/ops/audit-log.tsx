import { Drawer } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { AuditRecord } from '@pulse/contract'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { formatCount } from '../ui/format.ts'
import { useHeldList } from '../ui/held-list.ts'
import { useHotkeys } from '../ui/hotkeys.ts'
import { More } from '../ui/more.tsx'
import { Panel } from '../ui/panel.tsx'
import { StaleNote } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'
import classes from './audit.module.css'
import { AuditEntry } from './audit-entry.tsx'
import { filterOf } from './audit-filter.ts'
import { AuditFilters } from './audit-filters.tsx'
import { AuditTable } from './audit-table.tsx'
import { type AuditLog, auditEntriesQuery, auditEntryQuery } from './queries.ts'
import { type AuditSearch, auditSearch } from './search.ts'

/** The filter that the URL asks for; its range counts back from when it was chosen. */
export function useAuditFilter() {
  const [search, setSearch] = useSearchState(auditSearch)
  const { actor, action, subject, text, range, from, to } = search
  const filter = useMemo(
    () => filterOf({ actor, action, subject, text, range, from, to }, Date.now()),
    [actor, action, subject, text, range, from, to],
  )
  return { search, setSearch, filter }
}

/** A log with its filters; the chosen entry stands beside, on a narrow screen above. */
export function AuditLogView({ log }: { readonly log: AuditLog }) {
  const { search, setSearch, filter } = useAuditFilter()
  const query = useInfiniteQuery(auditEntriesQuery(log, filter))
  const items = query.data?.items
  const { shown, waiting, showAll } = useHeldList(items, JSON.stringify(filter))
  const entry = useChosen(log, items, search)
  const close = () => setSearch({ at: undefined, when: undefined })
  const narrow = useMediaQuery('(max-width: 900px)') ?? false
  useHotkeys(entry ? [{ keys: 'Escape', label: 'Close the entry', run: close }] : [])
  return (
    <>
      <AuditFilters log={log} search={search} onChange={setSearch} />
      <StaleNote query={query} />
      <div className={classes.split}>
        <Panel label="Entries" className={classes.list}>
          {waiting > 0 && (
            <button type="button" className={classes.new} onClick={showAll}>
              {formatCount(waiting)} new
            </button>
          )}
          <AuditTable
            entries={shown}
            source={query}
            selected={search.at}
            onSelect={({ id, at }) => setSearch({ at: id, when: at })}
            linked={log === '/v1/audit'}
            compact={entry !== undefined}
            filtered={Object.keys(filter).length > 0}
          />
          <More query={query} />
        </Panel>
        {entry && <Beside {...{ entry, log, narrow, close, setSearch }} />}
      </div>
    </>
  )
}

/** The chosen entry: of the list, or asked for where the list does not reach it. */
function useChosen(log: AuditLog, items: readonly AuditRecord[] | undefined, search: AuditSearch) {
  const { at, when = '' } = search
  const listed = items?.find(({ id }) => id === at)
  const wanted =
    at !== undefined && items !== undefined && !listed && !Number.isNaN(Date.parse(when))
  const { data } = useQuery({ ...auditEntryQuery(log, at ?? 0, when), enabled: wanted })
  return listed ?? (wanted ? (data ?? undefined) : undefined)
}

interface BesideProps {
  readonly entry: AuditRecord
  readonly log: AuditLog
  readonly narrow: boolean
  readonly close: () => void
  readonly setSearch: (patch: Partial<AuditSearch>) => void
}

function Beside({ entry, log, narrow, close, setSearch }: BesideProps) {
  const whole = (
    <AuditEntry
      key={entry.id}
      entry={entry}
      linked={log === '/v1/audit'}
      onFilter={setSearch}
      onClose={close}
    />
  )
  if (!narrow) {
    return (
      <Panel label="The chosen entry" className={classes.entryPanel}>
        {whole}
      </Panel>
    )
  }
  return (
    <Drawer opened onClose={close} position="bottom" size="80%" withCloseButton={false} padding={0}>
      {whole}
    </Drawer>
  )
}
