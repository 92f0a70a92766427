import { Button } from '@mantine/core'
import type { DeviceRow } from '@pulse/contract'
import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { ColumnPicker, useColumns } from '../registry/column-picker.tsx'
import { type DeviceColumn, deviceColumns } from '../registry/device-columns.tsx'
import { DeviceTable } from '../registry/device-table.tsx'
import classes from '../registry/devices.module.css'
import { toCsv } from '../registry/export-csv.ts'
import { FacetList } from '../registry/facet-list.tsx'
import { devicesQuery, sitesQuery, sparksQuery, typesQuery } from '../registry/queries.ts'
import { QueryBar } from '../registry/query-bar.tsx'
import { useMay } from '../session/use-session.ts'
import { formatCount, formatTook } from '../ui/format.ts'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { saveFile } from '../ui/save-file.ts'
import { StaleBanner } from '../ui/states.tsx'

const route = getRouteApi('/app/devices')

export function DevicesPage() {
  const { q = '', sort = 'key', columns: chosen, at } = route.useSearch()
  const navigate = route.useNavigate()
  const [facetsOpen, setFacetsOpen] = useState(false)
  const list = useInfiniteQuery(devicesQuery({ q, sort }))
  const all = useAllColumns(list.data?.pages)
  const { shown, toggle } = useColumns(chosen, (columns) => change({ columns }))
  const columns = all.filter((column) => shown.includes(column.key) || column.key === 'device')
  const rows = list.data?.pages.flatMap((page) => page.items) ?? []
  const first = list.data?.pages[0]

  function change(next: Partial<ReturnType<typeof route.useSearch>>) {
    // Moving the cursor leaves no trail of steps for Back.
    const onlyCursor = Object.keys(next).join() === 'at'
    void navigate({ search: (old) => ({ ...old, ...next }), replace: onlyCursor })
  }
  const search = (next: string) => change({ q: next === '' ? undefined : next, at: undefined })
  return (
    <Page>
      <PageHeader
        title="Devices"
        meta={first && `${formatCount(first.matched)} of ${formatCount(first.total)}`}
        actions={
          <>
            <FacetToggle onClick={() => setFacetsOpen(!facetsOpen)} />
            <ColumnPicker columns={all} shown={shown} onToggle={toggle} />
            <Actions columns={columns} rows={rows} />
          </>
        }
      />
      <QueryBar q={q} onChange={search} took={first && formatTook(first.tookMs)} />
      {list.isError && list.data && (
        <StaleBanner at={list.dataUpdatedAt} error={list.error} onRetry={list.refetch} />
      )}
      <div className={classes.columns}>
        <FacetList q={q} onChange={search} open={facetsOpen} />
        <DeviceTable
          list={list}
          rows={rows}
          columns={columns}
          sort={sort}
          at={at}
          filtered={q !== ''}
          onChange={change}
        />
      </div>
    </Page>
  )
}

function FacetToggle({ onClick }: { readonly onClick: () => void }) {
  return (
    <Button className={classes.facetToggle} onClick={onClick}>
      Filters
    </Button>
  )
}

interface ActionsProps {
  readonly columns: readonly DeviceColumn[]
  readonly rows: readonly DeviceRow[]
}

function Actions({ columns, rows }: ActionsProps) {
  const mayConnect = useMay('device.write')
  return (
    <>
      <Button disabled={rows.length === 0} onClick={() => exportRows(columns, rows)}>
        Export
      </Button>
      {mayConnect && (
        <Button variant="filled" renderRoot={(props) => <Link to="/connect" {...props} />}>
          Connect a device
        </Button>
      )}
    </>
  )
}

type Pages = readonly { readonly items: readonly { readonly key: string }[] }[]

/** The columns with what their cells read beside the row: types, sites, last-hour curves. */
function useAllColumns(pages: Pages | undefined): readonly DeviceColumn[] {
  const types = useQuery(typesQuery())
  const sites = useQuery(sitesQuery())
  const answers = useQueries({
    queries: (pages ?? []).map((page) => sparksQuery(page.items.map((row) => row.key))),
  })
  const sparks = new Map(answers.flatMap((answer) => [...(answer.data ?? [])]))
  return deviceColumns({ types: types.data, sites: sites.data, sparks })
}

function exportRows(columns: readonly DeviceColumn[], rows: readonly DeviceRow[]) {
  const written = columns.filter((column) => column.key !== 'lastHour')
  const head = written.map((column) => column.title)
  const lines = rows.map((row) => written.map((column) => column.text(row)))
  saveFile('devices.csv', new Blob([toCsv([head, ...lines])], { type: 'text/csv' }))
}
