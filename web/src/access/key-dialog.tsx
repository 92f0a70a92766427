import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import {
  type ApiKeyDraft,
  apiKeyDraft,
  keyMayHave,
  type newApiKey,
  type Permission,
} from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { z } from 'zod'
import { useTenant } from '../session/use-session.ts'
import { checkForm, focusFirstError } from '../ui/check-form.ts'
import classes from '../ui/form.module.css'
import { FormProblem } from '../ui/form-problem.tsx'
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
  const [tried, setTried] = useState(false)
  const expiresAt = new Date(Date.now() + days * DAY_MS).toISOString()
  const draft = { name: name.trim(), permissions: [...chosen], expiresAt }
  const { errors, body } = checkForm(apiKeyDraft, draft, words)
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (ready: ApiKeyDraft) => createApiKey(ready),
    onSuccess: onMade,
    onSettled: () => client.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setTried(true)
    if (body) mutate(body)
    else focusFirstError(event.currentTarget, errors)
  }
  return (
    <Modal opened onClose={onClose} title="Make an API key" size={760} centered>
      <form className={classes.form} onSubmit={submit} noValidate>
        <div className={classes.pair}>
          <TextInput
            label="Name"
            name="name"
            placeholder="Grafana in Dallas"
            autoComplete="off"
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={tried && errors['name']}
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
          error={tried ? errors['permissions'] : undefined}
          onChange={setChosen}
        />
        <FormProblem error={error} />
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" loading={isPending}>
            Make the key
          </Button>
        </div>
      </form>
    </Modal>
  )
}
