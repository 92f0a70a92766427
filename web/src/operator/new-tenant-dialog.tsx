import { NativeSelect, TextInput } from '@mantine/core'
import { type madeTenant, type NewTenantDraft, newTenant } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { keyOfName } from '../access/words.ts'
import { checkForm } from '../ui/check-form.ts'
import classes from '../ui/form.module.css'
import { FormDialog } from '../ui/form-dialog.tsx'
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

const EMPTY = { name: '', region: 'us-west-2', adminEmail: '' }

/** Makes a tenant and invites its first admin. */
export function NewTenantDialog({ onMade, onClose }: NewTenantDialogProps) {
  const [draft, setDraft] = useState(EMPTY)
  const [ownKey, setKey] = useState<string>()
  const change = (patch: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...patch }))
  const key = ownKey ?? keyOfName(draft.name)
  const name = draft.name.trim()
  const checked = checkForm(
    newTenant,
    { ...draft, key, name, adminEmail: draft.adminEmail.trim() },
    words,
  )
  const form = { ...useMake(onMade), checked, onClose, size: 520 }
  return (
    <FormDialog title="Make a tenant" act="Make the tenant" {...form}>
      {(wrong) => (
        <>
          <div className={classes.pair}>
            <TextInput
              label="Name"
              name="name"
              placeholder="Northwind Power"
              autoComplete="off"
              data-autofocus
              value={draft.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              error={wrong('name')}
            />
            <KeyField
              value={key}
              error={key === '' ? wrong('key') : checked.errors['key']}
              onChange={setKey}
            />
          </div>
          <RegionSelect value={draft.region} onChange={(region) => change({ region })} />
          <TextInput
            label="E-mail address of its first admin"
            name="adminEmail"
            type="email"
            placeholder="ana@example.com"
            autoComplete="off"
            value={draft.adminEmail}
            onChange={(event) => change({ adminEmail: event.currentTarget.value })}
            error={wrong('adminEmail')}
          />
        </>
      )}
    </FormDialog>
  )
}

interface FieldProps {
  readonly value: string
  readonly error?: string | undefined
  readonly onChange: (value: string) => void
}

function KeyField({ value, error, onChange }: FieldProps) {
  return (
    <TextInput
      label="Key"
      name="key"
      placeholder="northwind-power"
      autoComplete="off"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
    />
  )
}

function RegionSelect({ value, onChange }: FieldProps) {
  return (
    <NativeSelect
      label="Home region"
      description="Its data stays there. The key and the region cannot be changed later."
      data={regions}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

function useMake(onMade: NewTenantDialogProps['onMade']) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (draft: NewTenantDraft) => makeTenant(draft),
    onSuccess: (made, { name }) => onMade(made, name),
    onSettled: () => client.invalidateQueries({ queryKey: ['operator', 'tenants'] }),
  })
  return { onSubmit: mutate, error, pending: isPending }
}
