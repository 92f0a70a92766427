import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Figures, rangeWord } from '../fleet/figures.tsx'
import { NowList } from '../fleet/now-list.tsx'
import classes from '../fleet/overview.module.css'
import { overviewQuery } from '../fleet/queries.ts'
import { SiteMap } from '../fleet/site-map.tsx'
import { plural } from '../ui/format.ts'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { EmptyState, QueryView, Skeleton } from '../ui/states.tsx'

const route = getRouteApi('/app/')
const ranges = [1, 24, 168] as const

export function OverviewPage() {
  const hours = useHours()
  const query = useQuery(overviewQuery(hours))
  const { data } = query
  return (
    <Page>
      <PageHeader
        title="Overview"
        meta={
          data && `${plural(data.sites.length, 'site')} · ${plural(data.devices.total, 'device')}`
        }
        actions={<RangeMenu hours={hours} />}
      />
      <QueryView query={query} skeleton={<OverviewSkeleton />}>
        {(found) =>
          found.devices.total === 0 ? (
            <NoDevices />
          ) : (
            <>
              <Figures data={found} hours={hours} />
              <div className={classes.columns}>
                <Panel
                  title="Sites"
                  className={classes.sites}
                  actions="donut: status · ring: worst alert"
                >
                  <SiteMap sites={found.sites} />
                </Panel>
                <Panel
                  title="Now"
                  className={classes.now}
                  meta={plural(found.now.length, 'open alert')}
                  actions={
                    <Link to="/alerts" search={{}}>
                      All alerts
                    </Link>
                  }
                >
                  <NowList data={found} />
                </Panel>
              </div>
            </>
          )
        }
      </QueryView>
    </Page>
  )
}

const ENOUGH = 6

/** The range of the URL; else a day, or an hour while there is next to nothing of a day yet. */
function useHours(): number {
  const { hours } = route.useSearch()
  const { data } = useQuery(overviewQuery())
  if (hours !== undefined || !data) return hours ?? 24
  const known = data.history.online.filter((value) => value !== null)
  return known.length < ENOUGH ? 1 : 24
}

function RangeMenu({ hours }: { readonly hours: number }) {
  const navigate = route.useNavigate()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button>{rangeWord(hours).replace('l', 'L')} ▾</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {ranges.map((each) => (
          <Menu.Item key={each} onClick={() => void navigate({ search: { hours: each } })}>
            {rangeWord(each).replace('l', 'L')}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function NoDevices() {
  return (
    <Panel label="No devices">
      <EmptyState
        title="No device is registered yet"
        action={<Link to="/connect">Connect a device</Link>}
      >
        Sites, alerts and figures appear here with the first message of a device.
      </EmptyState>
    </Panel>
  )
}

function OverviewSkeleton() {
  return (
    <>
      <div className={classes.figures}>
        {Array.from({ length: 5 }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: grey boxes have no identity
          <Skeleton key={index} height={96} />
        ))}
      </div>
      <div className={classes.columns}>
        <Skeleton height="100%" />
        <Skeleton height="100%" />
      </div>
    </>
  )
}
