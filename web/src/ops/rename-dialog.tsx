import { Button, Modal, TextInput } from '@mantine/core'
import { tenantName } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { checkForm, focusFirstError } from '../ui/check-form.ts'
import classes from '../ui/form.module.css'
import { FormProblem } from '../ui/form-problem.tsx'
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
  const { errors, body } = checkForm(tenantName, { name: name.trim() }, words)
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (next: string) => renameTenant(next),
    onSuccess: (changed) => {
      toast({ text: `The tenant is called ${changed.name} now.` })
      onClose()
    },
    onSettled: () => {
      for (const key of ['tenant', 'session']) void client.invalidateQueries({ queryKey: [key] })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (body) mutate(body.name)
    else focusFirstError(event.currentTarget, errors)
  }
  return (
    <Modal opened onClose={onClose} title="Rename the tenant" centered>
      <form className={classes.form} onSubmit={submit} noValidate>
        <TextInput
          label="Name"
          name="name"
          description="Topics and addresses use the key, which stays."
          autoComplete="off"
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errors['name']}
        />
        <FormProblem error={error} />
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" loading={isPending}>
            Rename it
          </Button>
        </div>
      </form>
    </Modal>
  )
}
