import { Button, TextInput } from '@mantine/core'
import { secondFactorCode } from '@pulse/contract'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FormProblem } from '../ui/form-problem.tsx'
import classes from './account.module.css'

interface CodeFormProps {
  readonly label: string
  /** The act, on its button: `Turn it on`. */
  readonly act: string
  readonly onCode: (code: string) => Promise<unknown>
  readonly onDone: () => void
  readonly onCancel: () => void
}

/** Asks for the six digits of an authenticator; spaces between them are taken out. */
export function CodeForm({ label, act, onCode, onDone, onCancel }: CodeFormProps) {
  const [text, setText] = useState('')
  const code = text.replace(/\s/g, '')
  const complete = secondFactorCode.safeParse({ code }).success
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => onCode(code),
    onSuccess: onDone,
    onError: () => setText(''),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (complete && !isPending) mutate()
  }
  return (
    <form className={classes.stack} onSubmit={submit} noValidate>
      <TextInput
        label={label}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={8}
        autoFocus
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <FormProblem error={error} />
      <div className={classes.buttons}>
        <Button type="submit" variant="filled" disabled={!complete} loading={isPending}>
          {act}
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  )
}
