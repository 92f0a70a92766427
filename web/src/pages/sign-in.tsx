import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { mayGoByItself } from '../session/by-itself.ts'
import {
  type Ending,
  forgetEnding,
  isSignedIn,
  onSessionChange,
  readEnding,
} from '../session/kept-session.ts'
import { signIn } from '../session/sign-in.ts'
import { safeTarget } from '../session/target.ts'
import { CardPage, CardProblem } from '../shell/card-page.tsx'

const route = getRouteApi('/sign-in')

/** Where signing in begins. Who came from a page of the portal goes on to the issuer by itself. */
export function SignInPage() {
  const { to } = route.useSearch()
  const [ending] = useState(readEnding)
  const { mutate, error, isPending } = useMutation({ mutationFn: () => signIn(safeTarget(to)) })
  useGoOn(to)
  useByItself(to !== undefined && (!ending || ending.kind === 'expired'), mutate)
  const begin = () => {
    forgetEnding()
    mutate()
  }
  return (
    <CardPage title="Sign in to Pulse">
      {error ? <CardProblem error={error} /> : <WhyHere ending={ending} />}
      <Button variant="filled" size="sm" autoFocus loading={isPending} onClick={begin}>
        Sign in
      </Button>
    </CardPage>
  )
}

/** Signed in already, or in another window just now: on to where one wanted to be. */
function useGoOn(to: string | undefined) {
  const router = useRouter()
  useEffect(() => {
    const goOn = () => {
      if (isSignedIn()) router.history.replace(safeTarget(to))
    }
    goOn()
    return onSessionChange(goOn)
  }, [router, to])
}

function useByItself(wanted: boolean, begin: () => void) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    if (wanted && !isSignedIn() && mayGoByItself()) begin()
  }, [])
}

const words: Readonly<Record<Ending['kind'], string>> = {
  'signed-out': 'You are signed out, here and at the identity provider.',
  elsewhere: 'You were signed out in another window.',
  expired: 'Your session has ended. Sign in to go on where you were.',
  refused: 'Pulse did not accept the session.',
}

function WhyHere({ ending }: { readonly ending: Ending | undefined }) {
  if (!ending) return <p>You sign in at the identity provider, and come back here.</p>
  return (
    <p role="status">
      {words[ending.kind]} {ending.words}
    </p>
  )
}
