import { useMediaQuery } from '@mantine/hooks'
import type { Alert } from '@pulse/contract'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { sitesQuery } from '../registry/queries.ts'
import classes from '../rules/alert.module.css'
import { AlertFilters } from '../rules/alert-filters.tsx'
import { AlertList } from '../rules/alert-list.tsx'
import { AlertStory } from '../rules/alert-story.tsx'
import { type AlertGroup, groupBySite } from '../rules/group-alerts.ts'
import { alertPagesQuery } from '../rules/queries.ts'
import { alertsSearch } from '../rules/search.ts'
import { useAlertKeys } from '../rules/use-alert-keys.ts'
import { formatCount, plural } from '../ui/format.ts'
import { useHotkeys } from '../ui/hotkeys.ts'
import { More } from '../ui/more.tsx'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { EmptyState, StaleNote } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'

/** Everything that is wrong, by site; the story of the chosen alert beside. */
export function AlertsPage() {
  const [search, setSearch] = useSearchState(alertsSearch)
  const { state = 'open', at, ...filter } = search
  const query = useInfiniteQuery(alertPagesQuery({ state, ...filter }))
  const { data: sites } = useQuery(sitesQuery())
  const navigate = useNavigate()
  const narrow = useMediaQuery('(max-width: 900px)') ?? false
  const alerts = query.data?.items ?? []
  const groups = useMemo(() => groupBySite(alerts), [alerts])
  const ordered = groups.flatMap((group) => group.alerts)
  const selected = at ?? (narrow ? undefined : ordered[0]?.id)

  const open = (alert: Alert) => void navigate({ to: '/alerts/$id', params: { id: alert.id } })
  const select = (alert: Alert) => (narrow ? open(alert) : setSearch({ at: alert.id }))
  useAlertKeys({ id: selected })
  useListKeys({ ordered, selected, select, open, clear: () => setSearch({ at: undefined }) })
  const counts = query.data?.counts
  return (
    <Page>
      <PageHeader title="Alerts" meta={counts && summary(state, counts.open, groups)} />
      <AlertFilters search={search} counts={counts} onChange={setSearch} />
      <StaleNote query={query} />
      <div className={classes.split}>
        <Panel label="List of alerts" className={classes.list}>
          <AlertList
            alerts={alerts}
            sites={sites}
            source={query}
            selected={selected}
            onSelect={select}
            state={state}
          />
          <More query={query} />
        </Panel>
        {!narrow && <StoryPanel selected={selected} />}
      </div>
    </Page>
  )
}

function summary(state: string, open: number, groups: readonly AlertGroup[]): string {
  if (state === 'open') return `${formatCount(open)} open in ${plural(groups.length, 'site')}`
  const listed = groups.reduce((sum, group) => sum + group.alerts.length, 0)
  return `${formatCount(listed)} listed`
}

function StoryPanel({ selected }: { readonly selected: string | undefined }) {
  return (
    <Panel label="Story of the alert" className={classes.storyPanel}>
      {selected ? (
        <AlertStory key={selected} id={selected} />
      ) : (
        <EmptyState title="No alert chosen">
          Its story appears here: why it opened, the values, and what went out.
        </EmptyState>
      )}
    </Panel>
  )
}

interface ListKeys {
  readonly ordered: readonly Alert[]
  readonly selected: string | undefined
  readonly select: (alert: Alert) => void
  readonly open: (alert: Alert) => void
  readonly clear: () => void
}

/** j and k move through the list, Enter opens the page of the alert, Esc lets go. */
function useListKeys({ ordered, selected, select, open, clear }: ListKeys) {
  const index = ordered.findIndex((alert) => alert.id === selected)
  const move = (by: number) => {
    const next = ordered[Math.min(Math.max(index + by, 0), ordered.length - 1)]
    if (!next) return
    select(next)
    document
      .querySelector(`[data-row="${CSS.escape(next.id)}"]`)
      ?.scrollIntoView({ block: 'nearest' })
  }
  useHotkeys([
    { keys: 'j', label: 'Next alert', run: () => move(1) },
    { keys: 'k', label: 'Previous alert', run: () => move(-1) },
    {
      keys: 'Enter',
      label: 'Open the alert’s page',
      run: () => {
        const alert = ordered[index]
        if (alert) open(alert)
      },
    },
    { keys: 'Escape', label: 'Back to the first alert', run: clear },
  ])
}
