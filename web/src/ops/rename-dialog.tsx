import { TextInput } from '@mantine/core'
import { tenantName } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { checkForm } from '../ui/check-form.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { toast } from '../ui/toast.ts'
import { renameTenant } from './tenant-queries.ts'

const words = { name: 'Give it a name of 1 to 128 characters.' }

interface RenameDialogProps {
  readonly name: string
  readonly onClose: () => void
}

/** Gives the tenant another name; its key stays. */
export function RenameDialog({ name: before, onClose }: RenameDialogProps) {
  const [name, setName] = useState(before)
  const checked = checkForm(tenantName, { name: name.trim() }, words)
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (next: { name: string }) => renameTenant(next.name),
    onSuccess: (changed) => {
      toast({ text: `The tenant is called ${changed.name} now.` })
      onClose()
    },
    onSettled: () => {
      for (const key of ['tenant', 'session']) void client.invalidateQueries({ queryKey: [key] })
    },
  })
  const form = { checked, pending: isPending, error, onSubmit: mutate, onClose }
  return (
    <FormDialog title="Rename the tenant" act="Rename it" {...form}>
      {() => (
        <TextInput
          label="Name"
          name="name"
          description="Topics and addresses use the key, which stays."
          autoComplete="off"
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={checked.errors['name']}
        />
      )}
    </FormDialog>
  )
}
