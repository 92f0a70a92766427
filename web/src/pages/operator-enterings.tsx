import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { EnteringTable, isOpen } from '../operator/entering-table.tsx'
import classes from '../operator/operator.module.css'
import { OperatorsOnly } from '../operator/operators-only.tsx'
import { enteringsQuery, tenantsQuery } from '../operator/queries.ts'
import { enteringsSearch } from '../operator/search.ts'
import { useEndEntering } from '../operator/use-end-entering.ts'
import { Chip } from '../ui/chip.tsx'
import { formatCount } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { EmptyState, StaleNote } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'

/** Which operator was or is in which tenant, and why. */
export function OperatorEnteringsPage() {
  return (
    <OperatorsOnly>
      <Enterings />
    </OperatorsOnly>
  )
}

function Enterings() {
  const [search, setSearch] = useSearchState(enteringsSearch)
  const query = useQuery(enteringsQuery())
  const { data: tenants } = useQuery(tenantsQuery())
  const names = useMemo(
    () => new Map(tenants?.items.map(({ key, name }) => [key, name])),
    [tenants],
  )
  const onEnd = useEndEntering()
  const now = useNow()
  const all = query.data?.items ?? []
  const open = all.filter((entering) => isOpen(entering, now))
  const past = search.state === 'all'
  return (
    <>
      <PageHeader title="Enterings" meta={query.data && `${formatCount(open.length)} going on`} />
      <div className={classes.filters}>
        <Chip active={!past} onClick={() => setSearch({ state: undefined })}>
          Going on {formatCount(open.length)}
        </Chip>
        <Chip active={past} onClick={() => setSearch({ state: 'all' })}>
          All {formatCount(all.length)}
        </Chip>
      </div>
      <StaleNote query={query} />
      <Panel label="Enterings">
        <EnteringTable
          enterings={past ? all : open}
          source={query}
          tenantNames={names}
          onEnd={onEnd}
          selected={search.at}
          onSelect={({ id }) => setSearch({ at: id })}
          empty={
            <EmptyState
              title="No operator is inside a tenant"
              action={<Link to="/operator">To the tenants</Link>}
            >
              One enters from the page of a tenant, with a reason and for a while.
            </EmptyState>
          }
        />
      </Panel>
    </>
  )
}
