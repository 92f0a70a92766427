import { Button } from '@mantine/core'
import type { TenantFacts } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { EnteringTable } from '../operator/entering-table.tsx'
import { TenantState } from '../operator/tenant-state.tsx'
import { ExportPanel } from '../ops/export-panel.tsx'
import { RenameDialog } from '../ops/rename-dialog.tsx'
import classes from '../ops/tenant.module.css'
import { tenantFactsQuery, visitsQuery } from '../ops/tenant-queries.ts'
import { useMay } from '../session/use-session.ts'
import { ExactTime } from '../ui/exact-time.tsx'
import { plural } from '../ui/format.ts'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { EmptyState, QueryView, Skeleton } from '../ui/states.tsx'

/** The tenant itself: what it is, its exports, and which operators were inside. */
export function TenantPage() {
  const query = useQuery(tenantFactsQuery())
  const mayExport = useMay('tenant.export')
  const mayAudit = useMay('audit.read')
  return (
    <Page>
      <PageHeader title="Tenant" meta={query.data && <TenantState tenant={query.data} />} />
      <div className={mayExport ? classes.columns : undefined}>
        <QueryView query={query} skeleton={<Skeleton height={238} />}>
          {(tenant) => <Facts tenant={tenant} />}
        </QueryView>
        {mayExport && <ExportPanel />}
      </div>
      {mayAudit && <Visits />}
    </Page>
  )
}

function Facts({ tenant }: { readonly tenant: TenantFacts }) {
  const mayRename = useMay('tenant.write')
  const [renaming, setRenaming] = useState(false)
  const { key, name, region, cell, retentionDays, createdAt, suspendedFor } = tenant
  return (
    <Panel
      title={name}
      actions={mayRename && <Button onClick={() => setRenaming(true)}>Rename…</Button>}
      padded
    >
      <dl className={classes.facts}>
        <dt>Key</dt>
        <dd className="mono">{key}</dd>
        <dt>Home region</dt>
        <dd>{region}, its data stays there</dd>
        <dt>Cell</dt>
        <dd>{cell}</dd>
        <dt>Keeps telemetry</dt>
        <dd>{plural(retentionDays, 'day')}</dd>
        <dt>Since</dt>
        <dd>
          <ExactTime at={createdAt} />
        </dd>
        {suspendedFor !== null && (
          <>
            <dt>Suspended</dt>
            <dd>{suspendedFor}</dd>
          </>
        )}
      </dl>
      {renaming && <RenameDialog name={name} onClose={() => setRenaming(false)} />}
    </Panel>
  )
}

function Visits() {
  const query = useQuery(visitsQuery())
  return (
    <Panel
      title="Enterings"
      meta="operators of the platform who were inside; what they did is in the audit"
    >
      <EnteringTable
        enterings={query.data?.items ?? []}
        source={query}
        empty={
          <EmptyState title="No operator was inside">
            An operator of the platform sees figures only, unless they enter: with a reason, for a
            while, and listed here.
          </EmptyState>
        }
      />
    </Panel>
  )
}
