import type { OperatorTenant } from '@pulse/contract'
import { whenEnds } from '../access/words.ts'
import { Chip } from '../ui/chip.tsx'
import { formatExact } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { StatusDot } from '../ui/status.tsx'

type Standing = Pick<OperatorTenant, 'state' | 'suspendedFor' | 'deleteAfter'>

/** How a tenant stands: a shape per state, and its word. */
export function TenantState({ tenant }: { readonly tenant: Standing }) {
  const now = useNow()
  const { state, suspendedFor, deleteAfter } = tenant
  if (state === 'active') return <StatusDot status="online">Active</StatusDot>
  if (state === 'suspended') {
    return (
      <span title={suspendedFor ?? undefined}>
        <StatusDot status="stale">Suspended</StatusDot>
      </span>
    )
  }
  const when = deleteAfter === null ? '' : whenEnds(deleteAfter, now)
  return (
    <span title={deleteAfter === null ? '' : formatExact(deleteAfter)}>
      <Chip tone="critical">Leaves {when}</Chip>
    </span>
  )
}
