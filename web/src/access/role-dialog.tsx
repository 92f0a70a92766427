import { TextInput } from '@mantine/core'
import { builtInRoles, type Permission, type RoleFacts, roleDraft, roleKey } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { useTenant } from '../session/use-session.ts'
import { checkForm } from '../ui/check-form.ts'
import classes from '../ui/form.module.css'
import { FormDialog } from '../ui/form-dialog.tsx'
import { plural } from '../ui/format.ts'
import { toast } from '../ui/toast.ts'
import { PermissionPicker } from './permission-picker.tsx'
import { writeRole } from './queries.ts'
import { keyOfName } from './words.ts'

/** Which role the dialog is about: one to change, or a new one that begins as a copy. */
export type RoleTask =
  | { readonly kind: 'change'; readonly role: RoleFacts }
  | { readonly kind: 'make'; readonly from: RoleFacts | undefined }

interface RoleDialogProps {
  readonly task: RoleTask
  /** Keys that are taken. */
  readonly taken: readonly string[]
  readonly onClose: () => void
}

const words = {
  name: 'Give the role a name of 1 to 64 characters.',
  permissions: 'Choose one at least.',
  key: 'Use 1 to 63 of a-z, 0-9 and -, not beginning with -.',
}

/** Makes or changes a role of the tenant's own. */
export function RoleDialog({ task, taken, onClose }: RoleDialogProps) {
  const draft = useRoleDraft(task, taken)
  const changes = task.kind === 'change'
  const form = {
    ...useWrite(onClose),
    title: changes ? `Change ${task.role.name}` : titleOf(task.from),
    act: changes ? 'Change the role' : 'Make the role',
  }
  return (
    <FormDialog {...form} checked={draft.checked} onClose={onClose} size={760}>
      {(wrong) => (
        <>
          <Names draft={draft} fixedKey={changes} wrong={wrong} />
          <PermissionPicker
            chosen={draft.permissions}
            among={draft.among}
            error={wrong('permissions')}
            onChange={draft.setPermissions}
          />
          {changes && task.role.members > 0 && (
            <p>
              {plural(task.role.members, 'person has', 'people have')} this role: what you change
              holds for them within seconds.
            </p>
          )}
        </>
      )}
    </FormDialog>
  )
}

interface NamesProps {
  readonly draft: ReturnType<typeof useRoleDraft>
  /** The key of a role stays. */
  readonly fixedKey: boolean
  readonly wrong: (field: string) => string | undefined
}

function Names({ draft, fixedKey, wrong }: NamesProps) {
  const keyError = draft.key === '' ? wrong('key') : draft.checked.errors['key']
  return (
    <div className={classes.pair}>
      <TextInput
        label="Name"
        name="name"
        placeholder="Night shift"
        autoComplete="off"
        data-autofocus
        value={draft.name}
        onChange={(event) => draft.setName(event.currentTarget.value)}
        error={wrong('name')}
      />
      <TextInput
        label="Key"
        name="key"
        placeholder="night-shift"
        autoComplete="off"
        spellCheck={false}
        disabled={fixedKey}
        value={draft.key}
        onChange={(event) => draft.setKey(event.currentTarget.value)}
        error={keyError}
      />
    </div>
  )
}

const titleOf = (from: RoleFacts | undefined) =>
  from ? `Make a role out of ${from.name}` : 'Make a role'

const formOf = (taken: readonly string[]) =>
  roleDraft.extend({
    key: roleKey.refine((key) => !taken.includes(key), 'There is a role with this key'),
  })

/** What one types; the key follows the name until one writes it oneself. */
function useRoleDraft(task: RoleTask, taken: readonly string[]) {
  const start = task.kind === 'change' ? task.role : task.from
  const [name, setName] = useState(task.kind === 'change' ? task.role.name : '')
  const [ownKey, setKey] = useState<string | undefined>(
    task.kind === 'change' ? task.role.key : undefined,
  )
  const [permissions, setPermissions] = useState<readonly Permission[]>(start?.permissions ?? [])
  const key = ownKey ?? keyOfName(name)
  const others = task.kind === 'change' ? builtInRoles : taken
  const clash = others.includes(key)
  const checked = checkForm(
    formOf(others),
    { name: name.trim(), key, permissions: [...permissions] },
    clash ? { ...words, key: 'There is a role with this key.' } : words,
  )
  const among = useTenant()?.permissions ?? []
  return { name, setName, key, setKey, permissions, setPermissions, among, checked }
}

type Ready = z.output<ReturnType<typeof formOf>>

function useWrite(onDone: () => void) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: ({ key, ...draft }: Ready) => writeRole(key, draft),
    onSuccess: ({ name }) => {
      toast({ text: `The role ${name} is kept.` })
      onDone()
    },
    onSettled: () => {
      for (const name of ['roles', 'session']) {
        void client.invalidateQueries({ queryKey: [name] })
      }
    },
  })
  return { onSubmit: mutate, error, pending: isPending }
}
