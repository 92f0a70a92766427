import { Button, PasswordInput } from '@mantine/core'
import { PASSWORD_MIN_LENGTH, passwordChange } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { checkForm, focusFirstError } from '../ui/check-form.ts'
import { FormProblem } from '../ui/form-problem.tsx'
import { Panel } from '../ui/panel.tsx'
import { toast } from '../ui/toast.ts'
import classes from './account.module.css'
import { changePassword } from './queries.ts'

const empty = { current: '', next: '' }

/** Changes one's password at the embedded provider; other sign-ins end with it. */
export function PasswordPanel() {
  const [typed, setTyped] = useState(empty)
  const [tried, setTried] = useState(false)
  const { errors, body } = checkForm(passwordChange, typed, { current: 'Type your password.' })
  const { mutate, error, isPending } = useChange(() => {
    setTyped(empty)
    setTried(false)
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setTried(true)
    if (body) mutate(body)
    else focusFirstError(event.currentTarget, errors)
  }
  const shown = (field: keyof typeof empty) =>
    (tried || (field === 'next' && typed.next !== '')) && (errors[field] ?? false)
  const field = (name: keyof typeof empty) => ({
    name,
    value: typed[name],
    error: shown(name),
    onChange: (event: { currentTarget: { value: string } }) =>
      setTyped({ ...typed, [name]: event.currentTarget.value }),
  })
  return (
    <Panel title="Password" padded>
      <form className={`${classes.stack} ${classes.narrow}`} onSubmit={submit} noValidate>
        <PasswordInput
          label="Your password now"
          autoComplete="current-password"
          {...field('current')}
        />
        <PasswordInput
          label="New password"
          autoComplete="new-password"
          description={`At least ${PASSWORD_MIN_LENGTH} characters; a sentence is good.`}
          {...field('next')}
        />
        <FormProblem error={error} />
        <div className={classes.buttons}>
          <Button type="submit" variant="filled" loading={isPending}>
            Change the password
          </Button>
        </div>
      </form>
    </Panel>
  )
}

function useChange(onChanged: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: changePassword,
    onSuccess: () => {
      toast({ text: 'Your password is changed. Your other sign-ins have ended.' })
      onChanged()
    },
    onSettled: () => {
      for (const key of ['account', 'sign-ins']) void client.invalidateQueries({ queryKey: [key] })
    },
  })
}
