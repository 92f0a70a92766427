import { Button, PasswordInput, TextInput } from '@mantine/core'
import { credentials } from '@pulse/contract'
import { useMutation } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { type FormEvent, useRef, useState } from 'react'
import { ApiProblem } from '../session/problem.ts'
import { signIn } from '../session/queries.ts'
import { Logo } from '../shell/logo.tsx'
import classes from './sign-in.module.css'

const route = getRouteApi('/sign-in')

/** Only paths of this portal: a link to the sign-in must not lead elsewhere after it. */
const safe = (to: string | undefined) => (to?.startsWith('/') && !to.startsWith('//') ? to : '/')

export function SignInPage() {
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Logo />
          <h1>Sign in to Pulse</h1>
        </div>
        <SignInForm />
        <p className={classes.hint}>
          Pulse printed the demo account when it started. It also lies in <code>demo.json</code> of
          the data folder.
        </p>
      </div>
    </main>
  )
}

function SignInForm() {
  const { to } = route.useSearch()
  const router = useRouter()
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const attempt = useMutation({
    mutationFn: () => signIn(username.trim(), password),
    onSuccess: () => router.history.push(safe(to)),
    onError: () => field.current?.select(),
  })
  const complete = credentials.safeParse({ username: username.trim(), password }).success
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (complete && !attempt.isPending) attempt.mutate()
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <TextInput
        label="User name"
        autoComplete="username"
        autoFocus
        value={username}
        onChange={(event) => setUsername(event.currentTarget.value)}
      />
      <PasswordInput
        ref={field}
        label="Password"
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {attempt.error && <Refused error={attempt.error} />}
      <Button type="submit" variant="filled" size="sm" disabled={!complete || attempt.isPending}>
        {attempt.isPending ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  )
}

function Refused({ error }: { readonly error: Error }) {
  const problem = ApiProblem.of(error)
  return (
    <div className={classes.error} role="alert">
      <p>{problem.title}</p>
      <p>{problem.remedy}</p>
    </div>
  )
}
