import { Button, Modal, TextInput } from '@mantine/core'
import { type OperatorTenant, tenantChange } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { checkForm, focusFirstError } from '../ui/check-form.ts'
import classes from '../ui/form.module.css'
import { FormProblem } from '../ui/form-problem.tsx'
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
  const { errors, body } = checkForm(tenantChange.required(), typed, words)
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (change: { name: string; retentionDays: number }) =>
      changeTenant(tenant.key, change),
    onSuccess: (changed) => {
      toast({ text: `${changed.name} is changed.` })
      onClose()
    },
    onSettled: () => {
      for (const queryKey of [['operator'], ['session']]) {
        void client.invalidateQueries({ queryKey })
      }
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (body) mutate(body)
    else focusFirstError(event.currentTarget, errors)
  }
  const shorter = body !== undefined && body.retentionDays < tenant.retentionDays
  return (
    <Modal opened onClose={onClose} title={`Change ${tenant.name}`} centered>
      <form className={classes.form} onSubmit={submit} noValidate>
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
        <FormProblem error={error} />
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" loading={isPending}>
            Change it
          </Button>
        </div>
      </form>
    </Modal>
  )
}
