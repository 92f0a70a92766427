import { NativeSelect } from '@mantine/core'
import type { OperatorTenant } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Confirm } from '../ui/confirm.tsx'
import { formatCount, formatMoment, plural } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { toast } from '../ui/toast.ts'
import { remove, resume, suspend } from './queries.ts'
import { isReason, ReasonField } from './reason-field.tsx'
import { formatAbout } from './words.ts'

interface TenantDialogProps {
  readonly tenant: OperatorTenant
  readonly onClose: () => void
}

/** An act on a tenant, its words when done, and what is asked again after it. */
function useAct(act: () => Promise<unknown>, done: string, onClose: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: () => {
      toast({ text: done })
      onClose()
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['operator'] }),
  })
}

/** Suspends a tenant: it can be read, and nothing is taken in. */
export function SuspendDialog({ tenant, onClose }: TenantDialogProps) {
  const { key, name, devices, people } = tenant
  const [reason, setReason] = useState('')
  const { mutate, error, isPending } = useAct(
    () => suspend(key, reason),
    `${name} is suspended.`,
    onClose,
  )
  return (
    <Confirm
      title={`Suspend ${name}?`}
      act="Suspend it"
      ready={isReason(reason)}
      pending={isPending}
      error={error}
      onAct={mutate}
      onClose={onClose}
    >
      <p>
        Refuses the messages of {plural(devices, 'device')} from now on, and tells them why. Its{' '}
        {plural(people, 'person', 'people')} can read and export, and change nothing.
      </p>
      <ReasonField
        readBy="Its people read it on the page of the tenant, and in their audit."
        value={reason}
        onChange={setReason}
      />
    </Confirm>
  )
}

/** Resumes a suspended tenant. */
export function ResumeDialog({ tenant, onClose }: TenantDialogProps) {
  const { key, name, devices } = tenant
  const [reason, setReason] = useState('')
  const { mutate, error, isPending } = useAct(
    () => resume(key, reason),
    `${name} is active again.`,
    onClose,
  )
  return (
    <Confirm
      title={`Resume ${name}?`}
      act="Resume it"
      destructive={false}
      ready={isReason(reason)}
      pending={isPending}
      error={error}
      onAct={mutate}
      onClose={onClose}
    >
      <p>
        {plural(devices, 'device')} may send again at once, and its people may change things again.
      </p>
      <ReasonField readBy="It stays in the audit." value={reason} onChange={setReason} />
    </Confirm>
  )
}

const waits = [
  { value: '1', label: '1 day' },
  { value: '7', label: '7 days' },
  { value: '14', label: '14 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
]
const DAY_MS = 86_400_000

/** Begins the deletion of a tenant, with a time in which it can be kept. */
export function RemoveDialog({ tenant, onClose }: TenantDialogProps) {
  const { key, name, devices, people, storedMessages } = tenant
  const [reason, setReason] = useState('')
  const [waitDays, setWaitDays] = useState(14)
  const now = useNow()
  const { mutate, error, isPending } = useAct(
    () => remove(key, { reason, confirm: key, waitDays }),
    `${name} will be deleted in ${plural(waitDays, 'day')}.`,
    onClose,
  )
  return (
    <Confirm
      title={`Delete ${name} whole?`}
      act="Begin the deletion"
      typed={key}
      ready={isReason(reason)}
      pending={isPending}
      error={error}
      onAct={mutate}
      onClose={onClose}
    >
      <p>
        Suspends it now. After the waiting time everything of it is deleted and cannot be brought
        back: {plural(devices, 'device')}, {plural(people, 'membership')},{' '}
        <span title={formatCount(storedMessages)}>
          about {formatAbout(storedMessages)} messages
        </span>
        , its alerts, its rules and its audit. Until then it can be kept.
      </p>
      <NativeSelect
        label="Waiting time"
        description={`Until ${formatMoment(now + waitDays * DAY_MS)}`}
        data={waits}
        value={String(waitDays)}
        onChange={(event) => setWaitDays(Number(event.currentTarget.value))}
      />
      <ReasonField
        readBy="Its people read it in their audit."
        value={reason}
        onChange={setReason}
      />
    </Confirm>
  )
}
