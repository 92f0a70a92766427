import { NativeSelect, TextInput } from '@mantine/core'
import { type InvitationDraft, invitationDraft } from '@pulse/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTenant } from '../session/use-session.ts'
import { checkForm } from '../ui/check-form.ts'
import classes from '../ui/form.module.css'
import { FormDialog } from '../ui/form-dialog.tsx'
import { invite, rolesQuery } from './queries.ts'
import { roleWords } from './words.ts'

const lifetimes = [
  { value: '24', label: '1 day' },
  { value: '72', label: '3 days' },
  { value: '168', label: '7 days' },
  { value: '720', label: '30 days' },
]
const words = { email: 'Give an e-mail address, such as ana@example.com.' }

interface InviteDialogProps {
  /** The invitation is made; its link can be shown now and never again. */
  readonly onInvited: (email: string, token: string) => void
  readonly onClose: () => void
}

/** Invites a person by e-mail address and role. */
export function InviteDialog({ onInvited, onClose }: InviteDialogProps) {
  const [draft, setDraft] = useState({ email: '', role: 'viewer', hours: 72 })
  const change = (patch: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...patch }))
  const checked = checkForm(invitationDraft, { ...draft, email: draft.email.trim() }, words)
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (ready: InvitationDraft) => invite(ready),
    onSuccess: ({ email, token }) => onInvited(email, token),
    onSettled: () => client.invalidateQueries({ queryKey: ['invitations'] }),
  })
  const form = { checked, pending: isPending, error, onSubmit: mutate, onClose }
  return (
    <FormDialog title="Invite a person" act="Make the invitation" {...form}>
      {(wrong) => (
        <>
          <TextInput
            label="E-mail address"
            name="email"
            type="email"
            placeholder="ana@example.com"
            autoComplete="off"
            data-autofocus
            value={draft.email}
            onChange={(event) => change({ email: event.currentTarget.value })}
            error={wrong('email')}
          />
          <div className={classes.pair}>
            <RoleSelect value={draft.role} onChange={(role) => change({ role })} />
            <NativeSelect
              label="The link works for"
              data={lifetimes}
              value={String(draft.hours)}
              onChange={(event) => change({ hours: Number(event.currentTarget.value) })}
            />
          </div>
        </>
      )}
    </FormDialog>
  )
}

interface RoleSelectProps {
  readonly value: string
  readonly onChange: (role: string) => void
}

function RoleSelect({ value, onChange }: RoleSelectProps) {
  const { data } = useQuery(rolesQuery())
  const tenant = useTenant()
  const roles = data?.items ?? []
  const chosen = roles.find((role) => role.key === value)
  return (
    <NativeSelect
      label={`Role in ${tenant?.name ?? 'the tenant'}`}
      description={chosen && roleWords(chosen)}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      data={roles.map(({ key, name }) => ({ value: key, label: name }))}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
