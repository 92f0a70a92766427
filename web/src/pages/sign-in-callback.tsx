import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { takeCallback } from '../session/sign-in.ts'
import { CardPage, CardProblem } from '../shell/card-page.tsx'

/** Where the issuer sends the browser back to: checks what came, and goes on. */
export function CallbackPage() {
  const router = useRouter()
  const { data: target, error } = useQuery({
    // The address belongs to one answer, which is taken once.
    queryKey: ['sign-in-callback', window.location.search],
    queryFn: () => takeCallback(new URL(window.location.href)),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  useEffect(() => {
    if (target !== undefined) router.history.replace(target)
  }, [router, target])
  if (!error) {
    return (
      <CardPage title="Signing in…">
        <p role="status">One moment: your sign-in is being checked.</p>
      </CardPage>
    )
  }
  return (
    <CardPage title="Not signed in">
      <CardProblem error={error} />
      <Button component={Link} to="/sign-in" variant="filled" size="sm">
        Begin again
      </Button>
    </CardPage>
  )
}
