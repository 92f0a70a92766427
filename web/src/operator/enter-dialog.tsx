import { NativeSelect } from '@mantine/core'
import { enteringDraft, type OperatorTenant } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { useSwitchTenant } from '../shell/tenant-menu.tsx'
import { checkForm } from '../ui/check-form.ts'
import classes from '../ui/form.module.css'
import { FormDialog } from '../ui/form-dialog.tsx'
import { enter } from './queries.ts'
import { REASON_NEEDED, ReasonField } from './reason-field.tsx'

const spans = [
  { value: '15', label: '15 minutes' },
  { value: '30', label: '30 minutes' },
  { value: '60', label: '1 hour' },
  { value: '120', label: '2 hours' },
  { value: '240', label: '4 hours' },
]
const roles = [
  { value: 'viewer', label: 'Viewer: look, change nothing' },
  { value: 'technician', label: 'Technician: acknowledge, send commands' },
  { value: 'engineer', label: 'Engineer: devices, rules, replays' },
  { value: 'admin', label: 'Admin: everything' },
]

const words = { reason: REASON_NEEDED }

type Ready = z.output<typeof enteringDraft>

interface EnterDialogProps {
  readonly tenant: OperatorTenant
  readonly onClose: () => void
}

/** Goes into a tenant for a while: with a reason, a role and an end, all of which its people see. */
export function EnterDialog({ tenant, onClose }: EnterDialogProps) {
  const [draft, setDraft] = useState({ reason: '', minutes: 30, role: 'viewer' })
  const change = (patch: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...patch }))
  const form = { ...useEnter(tenant.key), checked: checkForm(enteringDraft, draft, words), onClose }
  return (
    <FormDialog title={`Enter ${tenant.name}`} act="Enter" size={520} {...form}>
      {(wrong) => (
        <>
          <ReasonField
            readBy={`The people of ${tenant.name} read it, in their audit and their settings.`}
            value={draft.reason}
            onChange={(reason) => change({ reason })}
            error={wrong('reason')}
          />
          <div className={classes.pair}>
            <NativeSelect
              label="For"
              data={spans}
              value={String(draft.minutes)}
              onChange={(event) => change({ minutes: Number(event.currentTarget.value) })}
            />
            <NativeSelect
              label="As"
              data={roles}
              value={draft.role}
              onChange={(event) => change({ role: event.currentTarget.value })}
            />
          </div>
          <p className="muted">
            You may do what the role may, until the time is over or you leave. Each act is recorded
            in their audit under your name.
          </p>
        </>
      )}
    </FormDialog>
  )
}

function useEnter(key: string) {
  const client = useQueryClient()
  const choose = useSwitchTenant()
  const { mutate, error, isPending } = useMutation({
    mutationFn: async (draft: Ready) => {
      await enter(key, draft)
      // The session has to know of the entering before a page of the tenant asks for anything.
      await client.refetchQueries({ queryKey: ['session'] })
      await choose(key)
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['operator', 'enterings'] }),
  })
  return { onSubmit: mutate, error, pending: isPending }
}
