import { TextInput } from '@mantine/core'
import { type OperatorTenant, tenantChange } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { checkForm } from '../ui/check-form.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { toast } from '../ui/toast.ts'
import { changeTenant } from './queries.ts'

const words = {
  name: 'Give it a name of 1 to 128 characters.',
  retentionDays: 'Give whole days from 1 to 3,650.',
}

interface ChangeDialogProps {
  readonly tenant: OperatorTenant
  readonly onClose: () => void
}

/** Renames a tenant, or changes how long it keeps telemetry. */
export function ChangeDialog({ tenant, onClose }: ChangeDialogProps) {
  const [name, setName] = useState(tenant.name)
  const [days, setDays] = useState(String(tenant.retentionDays))
  const typed = { name: name.trim(), retentionDays: days.trim() === '' ? undefined : Number(days) }
  const checked = checkForm(tenantChange.required(), typed, words)
  const { errors, body } = checked
  const shorter = body !== undefined && body.retentionDays < tenant.retentionDays
  const form = { ...useChange(tenant.key, onClose), checked, onClose }
  return (
    <FormDialog title={`Change ${tenant.name}`} act="Change it" {...form}>
      {() => (
        <>
          <TextInput
            label="Name"
            name="name"
            autoComplete="off"
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errors['name']}
          />
          <TextInput
            label="Keeps telemetry for, days"
            name="retentionDays"
            inputMode="numeric"
            value={days}
            onChange={(event) => setDays(event.currentTarget.value)}
            error={errors['retentionDays']}
          />
          {shorter && <p>What is older than {body.retentionDays} days is no longer shown.</p>}
        </>
      )}
    </FormDialog>
  )
}

function useChange(key: string, onDone: () => void) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (change: { name: string; retentionDays: number }) => changeTenant(key, change),
    onSuccess: (changed) => {
      toast({ text: `${changed.name} is changed.` })
      onDone()
    },
    onSettled: () => {
      for (const queryKey of [['operator'], ['session']]) {
        void client.invalidateQueries({ queryKey })
      }
    },
  })
  return { onSubmit: mutate, error, pending: isPending }
}
