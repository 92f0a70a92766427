import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { type madeTenant, type NewTenantDraft, newTenant } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { z } from 'zod'
import { keyOfName } from '../access/words.ts'
import { checkForm, focusFirstError } from '../ui/check-form.ts'
import classes from '../ui/form.module.css'
import { FormProblem } from '../ui/form-problem.tsx'
import { makeTenant } from './queries.ts'

export type MadeTenant = z.output<typeof madeTenant>

const regions = [
  { value: 'us-west-2', label: 'us-west-2, Oregon' },
  { value: 'us-east-1', label: 'us-east-1, Virginia' },
]
const words = {
  name: 'Give it a name of 1 to 128 characters.',
  key: 'Use 1 to 63 of a-z, 0-9 and -, not beginning with -.',
  adminEmail: 'Give an e-mail address, such as ana@example.com.',
}

interface NewTenantDialogProps {
  readonly onMade: (made: MadeTenant, name: string) => void
  readonly onClose: () => void
}

/** Makes a tenant and invites its first admin. */
export function NewTenantDialog({ onMade, onClose }: NewTenantDialogProps) {
  const [draft, setDraft] = useState({ name: '', region: 'us-west-2', adminEmail: '' })
  const [ownKey, setKey] = useState<string>()
  const [tried, setTried] = useState(false)
  const key = ownKey ?? keyOfName(draft.name)
  const typed = {
    ...draft,
    key,
    name: draft.name.trim(),
    adminEmail: draft.adminEmail.trim(),
  }
  const { errors, body } = checkForm(newTenant, typed, words)
  const { make, error, isPending } = useMake(onMade)
  const change = (patch: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...patch }))
  const shown = (field: string, text: string) => (tried || text !== '') && errors[field]
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setTried(true)
    if (body) make(body)
    else focusFirstError(event.currentTarget, errors)
  }
  return (
    <Modal opened onClose={onClose} title="Make a tenant" centered size={520}>
      <form className={classes.form} onSubmit={submit} noValidate>
        <div className={classes.pair}>
          <TextInput
            label="Name"
            name="name"
            placeholder="Northwind Power"
            autoComplete="off"
            data-autofocus
            value={draft.name}
            onChange={(event) => change({ name: event.currentTarget.value })}
            error={tried && errors['name']}
          />
          <TextInput
            label="Key"
            name="key"
            placeholder="northwind-power"
            autoComplete="off"
            spellCheck={false}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            error={shown('key', key)}
          />
        </div>
        <NativeSelect
          label="Home region"
          description="Its data stays there. The key and the region cannot be changed later."
          data={regions}
          value={draft.region}
          onChange={(event) => change({ region: event.currentTarget.value })}
        />
        <TextInput
          label="E-mail address of its first admin"
          name="adminEmail"
          type="email"
          placeholder="ana@example.com"
          autoComplete="off"
          value={draft.adminEmail}
          onChange={(event) => change({ adminEmail: event.currentTarget.value })}
          error={tried && errors['adminEmail']}
        />
        <FormProblem error={error} />
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" loading={isPending}>
            Make the tenant
          </Button>
        </div>
      </form>
    </Modal>
  )
}

function useMake(onMade: NewTenantDialogProps['onMade']) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (draft: NewTenantDraft) => makeTenant(draft),
    onSuccess: (made, { name }) => onMade(made, name),
    onSettled: () => client.invalidateQueries({ queryKey: ['operator', 'tenants'] }),
  })
  return { make: mutate, error, isPending }
}
