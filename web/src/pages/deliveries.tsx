import { NativeSelect } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { DeliverySummary } from '@pulse/contract'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { z } from 'zod'
import classes from '../actions/deliveries.module.css'
import { DeliveryList } from '../actions/delivery-list.tsx'
import { DeliveryStory } from '../actions/delivery-story.tsx'
import { deliveriesQuery, destinationsQuery } from '../actions/queries.ts'
import { deliveriesSearch } from '../actions/search.ts'
import { Chip } from '../ui/chip.tsx'
import { formatCount, plural } from '../ui/format.ts'
import { useHotkeys } from '../ui/hotkeys.ts'
import { More } from '../ui/more.tsx'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { StaleNote } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'

type Search = z.infer<typeof deliveriesSearch>
type SetSearch = (patch: Partial<Search>) => void

/** What went out to the destinations, and what did not; the dead letters are one of its views. */
export function DeliveriesPage() {
  const [search, setSearch] = useSearchState(deliveriesSearch)
  const { at, state = 'all', ...filter } = search
  const query = useInfiniteQuery(deliveriesQuery({ state, ...filter }))
  const navigate = useNavigate()
  const narrow = useMediaQuery('(max-width: 900px)') ?? false
  const select = ({ id }: DeliverySummary) =>
    narrow ? void navigate({ to: '/deliveries/$id', params: { id } }) : setSearch({ at: id })
  useSelectionKeys(at, setSearch)
  const counts = query.data?.counts
  const dead = state === 'dead'
  return (
    <Page>
      <PageHeader
        title={dead ? 'Dead letters' : 'Deliveries'}
        meta={counts && summary(dead, counts)}
      />
      <Filters search={search} counts={counts} onChange={setSearch} />
      <StaleNote query={query} />
      <div className={classes.split}>
        <Panel label="List of deliveries" className={classes.list}>
          <DeliveryList
            deliveries={query.data?.items ?? []}
            source={query}
            selected={at}
            onSelect={select}
            deadOnly={dead}
            compact={at !== undefined}
          />
          <More query={query} />
        </Panel>
        {at && !narrow && (
          <Panel label="The chosen delivery" className={classes.storyPanel}>
            <DeliveryStory key={at} id={at} />
          </Panel>
        )}
      </div>
    </Page>
  )
}

const summary = (dead: boolean, counts: { readonly dead: number; readonly delivered: number }) =>
  dead
    ? `${plural(counts.dead, 'delivery', 'deliveries')} given up`
    : `${formatCount(counts.delivered)} delivered`

/** Enter opens the page of the chosen delivery, Esc closes the panel. */
function useSelectionKeys(at: string | undefined, setSearch: SetSearch) {
  const navigate = useNavigate()
  useHotkeys(
    at === undefined
      ? []
      : [
          {
            keys: 'Enter',
            label: 'Open the delivery’s page',
            run: () => void navigate({ to: '/deliveries/$id', params: { id: at } }),
          },
          { keys: 'Escape', label: 'Close the delivery', run: () => setSearch({ at: undefined }) },
        ],
  )
}

interface FiltersProps {
  readonly search: Search
  readonly counts: { readonly [state: string]: number } | undefined
  readonly onChange: SetSearch
}

const states = [
  { key: undefined, label: 'All' },
  { key: 'delivered', label: 'Delivered' },
  { key: 'queued', label: 'Queued' },
  { key: 'retrying', label: 'Retrying' },
  { key: 'dead', label: 'Dead letters' },
] as const

function Filters({ search, counts, onChange }: FiltersProps) {
  const { data } = useQuery(destinationsQuery())
  const destinations = data?.items ?? []
  return (
    <div className={classes.filters}>
      {states.map(({ key, label }) => (
        <Chip
          key={label}
          active={(search.state === 'all' ? undefined : search.state) === key}
          onClick={() => onChange({ state: key, at: undefined })}
        >
          {label} {key && counts && formatCount(counts[key] ?? 0)}
        </Chip>
      ))}
      {(['device', 'alert'] as const).map(
        (name) =>
          search[name] && (
            <Chip key={name} active onClick={() => onChange({ [name]: undefined })}>
              {name} {search[name]} ×
            </Chip>
          ),
      )}
      {destinations.length > 1 && (
        <NativeSelect
          className={classes.destination}
          size="xs"
          aria-label="Destination"
          value={search.destination ?? ''}
          data={[
            { value: '', label: 'Every destination' },
            ...destinations.map(({ key, name }) => ({ value: key, label: name })),
          ]}
          onChange={(event) => onChange({ destination: event.currentTarget.value || undefined })}
        />
      )}
    </div>
  )
}
