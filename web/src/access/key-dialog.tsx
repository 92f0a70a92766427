import { NativeSelect, TextInput } from '@mantine/core'
import {
  type ApiKeyDraft,
  apiKeyDraft,
  keyMayHave,
  type newApiKey,
  type Permission,
} from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { useTenant } from '../session/use-session.ts'
import { checkForm } from '../ui/check-form.ts'
import classes from '../ui/form.module.css'
import { FormDialog } from '../ui/form-dialog.tsx'
import { formatExact } from '../ui/format.ts'
import { readOnly } from './permission-groups.ts'
import { PermissionPicker } from './permission-picker.tsx'
import { createApiKey } from './queries.ts'

export type NewKey = z.infer<typeof newApiKey>

const DAY_MS = 86_400_000
const lifetimes = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '3 months' },
  { value: '365', label: '1 year' },
  { value: '729', label: '2 years' },
]
const words = {
  name: 'Say in 1 to 64 characters what will use it.',
  permissions: 'Choose one at least.',
}

interface KeyDialogProps {
  readonly onMade: (key: NewKey) => void
  readonly onClose: () => void
}

/** Makes an API key: what for, what it may do, until when. */
export function KeyDialog({ onMade, onClose }: KeyDialogProps) {
  const among = (useTenant()?.permissions ?? []).filter(keyMayHave)
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<readonly Permission[]>(() => readOnly(among))
  const [days, setDays] = useState(90)
  const expiresAt = new Date(Date.now() + days * DAY_MS).toISOString()
  const draft = { name: name.trim(), permissions: [...chosen], expiresAt }
  const checked = checkForm(apiKeyDraft, draft, words)
  const form = { ...useMake(onMade), checked, onClose, size: 760 }
  return (
    <FormDialog title="Make an API key" act="Make the key" {...form}>
      {(wrong) => (
        <>
          <div className={classes.pair}>
            <TextInput
              label="Name"
              name="name"
              placeholder="Grafana in Dallas"
              autoComplete="off"
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={wrong('name')}
            />
            <NativeSelect
              label="Works for"
              title={`Until ${formatExact(expiresAt)}`}
              data={lifetimes}
              value={String(days)}
              onChange={(event) => setDays(Number(event.currentTarget.value))}
            />
          </div>
          <PermissionPicker
            chosen={chosen}
            among={among}
            error={wrong('permissions')}
            onChange={setChosen}
          />
        </>
      )}
    </FormDialog>
  )
}

function useMake(onMade: KeyDialogProps['onMade']) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (ready: ApiKeyDraft) => createApiKey(ready),
    onSuccess: onMade,
    onSettled: () => client.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  return { onSubmit: mutate, error, pending: isPending }
}
