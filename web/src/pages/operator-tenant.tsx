import { Button, Menu } from '@mantine/core'
import type { OperatorTenant } from '@pulse/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { whenEnds } from '../access/words.ts'
import { ChangeDialog } from '../operator/change-dialog.tsx'
import { EnterDialog } from '../operator/enter-dialog.tsx'
import { EnteringTable } from '../operator/entering-table.tsx'
import classes from '../operator/operator.module.css'
import { OperatorsOnly } from '../operator/operators-only.tsx'
import { enteringsQuery, keep, tenantQuery } from '../operator/queries.ts'
import { RemoveDialog, ResumeDialog, SuspendDialog } from '../operator/tenant-dialogs.tsx'
import { MessagesByHour, TenantFacts, TenantFigures } from '../operator/tenant-figures.tsx'
import { TenantState } from '../operator/tenant-state.tsx'
import { useEndEntering } from '../operator/use-end-entering.ts'
import { formatExact, formatMoment } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { EmptyState, QueryView, Skeleton } from '../ui/states.tsx'
import { toast } from '../ui/toast.ts'
import { toastProblem } from '../ui/toast-problem.ts'

/** One tenant as an operator sees it: figures, facts, enterings; and what can be done with it. */
export function OperatorTenantPage() {
  return (
    <OperatorsOnly>
      <Chosen />
    </OperatorsOnly>
  )
}

function Chosen() {
  const { key = '' } = useParams({ strict: false })
  const query = useQuery(tenantQuery(key))
  return (
    <QueryView query={query} skeleton={<TenantSkeleton />}>
      {(tenant) => <Tenant tenant={tenant} />}
    </QueryView>
  )
}

type Task = 'enter' | 'suspend' | 'resume' | 'change' | 'remove'

function Tenant({ tenant }: { readonly tenant: OperatorTenant }) {
  const [task, setTask] = useState<Task>()
  return (
    <>
      <PageHeader
        title={tenant.name}
        crumbs={
          <>
            <Link to="/operator">Tenants</Link> › <span aria-current="page">{tenant.name}</span>
          </>
        }
        meta={
          <>
            <span className="mono">{tenant.key}</span>
            <TenantState tenant={tenant} />
          </>
        }
        actions={<Acts tenant={tenant} onTask={setTask} />}
      />
      <Standing tenant={tenant} />
      <TenantFigures tenant={tenant} />
      <div className={classes.columns}>
        <MessagesByHour tenant={tenant} />
        <TenantFacts tenant={tenant} />
      </div>
      <Enterings tenant={tenant} />
      <Dialog task={task} tenant={tenant} onClose={() => setTask(undefined)} />
    </>
  )
}

interface ActsProps {
  readonly tenant: OperatorTenant
  readonly onTask: (task: Task) => void
}

function Acts({ tenant, onTask }: ActsProps) {
  const { state } = tenant
  return (
    <>
      {state === 'active' && <Button onClick={() => onTask('suspend')}>Suspend…</Button>}
      {state === 'suspended' && <Button onClick={() => onTask('resume')}>Resume…</Button>}
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <Button>More ▾</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onTask('change')}>Rename, retention…</Menu.Item>
          {state !== 'leaving' && (
            <Menu.Item color="critical" onClick={() => onTask('remove')}>
              Delete whole…
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Button variant="filled" onClick={() => onTask('enter')}>
        Enter…
      </Button>
    </>
  )
}

interface DialogProps {
  readonly task: Task | undefined
  readonly tenant: OperatorTenant
  readonly onClose: () => void
}

function Dialog({ task, ...rest }: DialogProps) {
  switch (task) {
    case 'enter':
      return <EnterDialog {...rest} />
    case 'suspend':
      return <SuspendDialog {...rest} />
    case 'resume':
      return <ResumeDialog {...rest} />
    case 'change':
      return <ChangeDialog {...rest} />
    case 'remove':
      return <RemoveDialog {...rest} />
    default:
      return null
  }
}

/** Why a tenant is not active, and the way back where there is one. */
function Standing({ tenant }: { readonly tenant: OperatorTenant }) {
  const now = useNow()
  const client = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: () => keep(tenant.key),
    onSuccess: () => toast({ text: `${tenant.name} is kept.` }),
    onError: (error) => toastProblem(error, 'Not kept.'),
    onSettled: () => client.invalidateQueries({ queryKey: ['operator'] }),
  })
  const { state, suspendedFor, deleteAfter } = tenant
  if (state === 'active') return null
  if (state === 'suspended' || deleteAfter === null) {
    return (
      <section className={classes.banner} aria-label="Suspended">
        <b>Suspended.</b>
        <span>{suspendedFor}</span>
        <span className="muted">It is read and exported; its devices are told why.</span>
      </section>
    )
  }
  return (
    <section className={`${classes.banner} ${classes.critical}`} aria-label="Leaving">
      <b>Will be deleted whole {whenEnds(deleteAfter, now)}.</b>
      <span title={formatExact(deleteAfter)}>
        On {formatMoment(deleteAfter)}. {suspendedFor}
      </span>
      <Button loading={isPending} onClick={() => mutate()}>
        Keep it
      </Button>
    </section>
  )
}

function Enterings({ tenant }: { readonly tenant: OperatorTenant }) {
  const query = useQuery(enteringsQuery())
  const onEnd = useEndEntering()
  const enterings = query.data?.items.filter((each) => each.tenant === tenant.key) ?? []
  return (
    <Panel title="Enterings" meta="its people see them too">
      <EnteringTable
        enterings={enterings}
        source={query}
        onEnd={onEnd}
        empty={
          <EmptyState title="No operator was inside">
            Entering takes a reason, and ends by itself.
          </EmptyState>
        }
      />
    </Panel>
  )
}

function TenantSkeleton() {
  return (
    <>
      <Skeleton width={220} height={52} />
      <Skeleton height={92} />
      <Skeleton height={210} />
    </>
  )
}
