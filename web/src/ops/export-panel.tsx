import { Button } from '@mantine/core'
import type { TenantExport } from '@pulse/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { whenEnds } from '../access/words.ts'
import { useTenant } from '../session/use-session.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { formatCount, formatExact } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { Panel } from '../ui/panel.tsx'
import { saveFile } from '../ui/save-file.ts'
import { EmptyState } from '../ui/states.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import { toastProblem } from '../ui/toast-problem.ts'
import classes from './tenant.module.css'
import { beginExport, exportsQuery, fetchArchive } from './tenant-queries.ts'
import { formatBytes } from './words.ts'

/** Everything of the tenant as one archive: how far it is, and the file. */
export function ExportPanel() {
  const query = useQuery(exportsQuery())
  const client = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: beginExport,
    onError: (error) => toastProblem(error, 'Not begun.'),
    onSettled: () => client.invalidateQueries({ queryKey: ['tenant-exports'] }),
  })
  const begin = (
    <Button loading={isPending} onClick={() => mutate()}>
      Export the tenant
    </Button>
  )
  return (
    <Panel title="Exports" meta="the tenant whole, without secrets; kept for a day" actions={begin}>
      <DataTable
        label="Exports"
        columns={columns}
        rows={query.data?.items ?? []}
        rowKey={({ id }) => id}
        source={query}
        hotkeys={false}
        skeletonRows={3}
        empty={
          <EmptyState title="No export">
            An export holds every table of the tenant as of one moment, and says what each file is.
          </EmptyState>
        }
      />
    </Panel>
  )
}

const columns: readonly Column<TenantExport>[] = [
  { key: 'state', title: 'State', cell: (each) => <State made={each} /> },
  {
    key: 'by',
    title: 'Asked by',
    width: '130px',
    hideBelow: 900,
    cell: ({ requestedBy }) => requestedBy,
  },
  {
    key: 'at',
    title: 'When',
    width: '100px',
    hideBelow: 640,
    cell: ({ createdAt }) => <TimeAgo at={createdAt} suffix="ago" />,
  },
  {
    key: 'size',
    title: 'Size',
    width: '160px',
    end: true,
    hideBelow: 640,
    cell: ({ rows, bytes }) => (
      <>
        <span className="muted">{formatCount(rows)} rows</span>
        {bytes !== null && ` ${formatBytes(bytes)}`}
      </>
    ),
  },
  { key: 'get', title: 'File', end: true, width: '186px', cell: (each) => <File made={each} /> },
]

function State({ made }: { readonly made: TenantExport }) {
  const now = useNow()
  const { state, tables, tablesDone, expiresAt, error } = made
  if (state === 'failed') {
    return (
      <span className={classes.failed} title={error ?? undefined}>
        Failed: {error}
      </span>
    )
  }
  if (state === 'ready') {
    return (
      <span title={expiresAt === null ? undefined : formatExact(expiresAt)}>
        Ready
        {expiresAt !== null && <span className="muted">, goes {whenEnds(expiresAt, now)}</span>}
      </span>
    )
  }
  const share = tables === 0 ? 0 : (100 * tablesDone) / tables
  return (
    <span className={classes.progress} role="status">
      <span className={classes.track}>
        <span className={classes.fill} style={{ width: `${share}%` }} />
      </span>
      {state === 'queued' ? 'Waits' : `${tablesDone} of ${tables} tables`}
    </span>
  )
}

function File({ made }: { readonly made: TenantExport }) {
  const tenant = useTenant()?.key ?? 'tenant'
  const { mutate, isPending } = useMutation({
    mutationFn: () => fetchArchive(made.id),
    onSuccess: (archive) => saveFile(`${tenant}-${made.createdAt.slice(0, 10)}.zip`, archive),
    onError: (error) => toastProblem(error, 'Not fetched.'),
  })
  if (made.state !== 'ready') return null
  return (
    <span className={classes.progress}>
      {made.sha256 !== null && <CopyButton text={made.sha256} label="SHA-256" compact />}
      <Button size="compact-sm" variant="filled" loading={isPending} onClick={() => mutate()}>
        Download
      </Button>
    </span>
  )
}
