import { Button } from '@mantine/core'
import { invitationOffer } from '@pulse/contract'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter, useRouterState } from '@tanstack/react-router'
import { signInFactsQuery } from '../account/queries.ts'
import { api, openApi } from '../session/api.ts'
import { isSignedIn } from '../session/kept-session.ts'
import { local } from '../session/problem.ts'
import { sessionQuery } from '../session/queries.ts'
import { signIn } from '../session/sign-in.ts'
import { signOut } from '../session/sign-out.ts'
import { CardPage, CardProblem } from '../shell/card-page.tsx'
import { formatExact, formatMoment } from '../ui/format.ts'

/** What the link of an invitation offers, and how to take it. Its token stands behind the `#`. */
export function InvitationPage() {
  const token = useRouterState({ select: ({ location }) => location.hash.replace(/^#/, '') })
  const offer = useQuery({
    queryKey: ['invitation-offer', token],
    queryFn: () => {
      if (token === '') throw noToken()
      return openApi.post('/v1/invitations/offer', invitationOffer, { token })
    },
    retry: false,
  })
  if (offer.error) {
    return (
      <CardPage title="Invitation">
        <CardProblem error={offer.error} />
      </CardPage>
    )
  }
  if (!offer.data) return <CardPage title="Invitation">{null}</CardPage>
  const { tenant, email, role, expiresAt } = offer.data
  return (
    <CardPage title={`Join ${tenant.name}`}>
      <p>
        <b>{email}</b> is invited to work in {tenant.name} as <b>{role}</b>.{' '}
        <span className="muted" title={formatExact(expiresAt)}>
          Open until {formatMoment(expiresAt)}.
        </span>
      </p>
      {isSignedIn() ? <Accept token={token} /> : <Begin token={token} />}
    </CardPage>
  )
}

const noToken = () =>
  local('portal.no-invitation', 'This link is not complete.', {
    detail: 'The part behind the # is missing.',
    remedy: 'Copy the whole link from the invitation.',
  })

function Accept({ token }: { readonly token: string }) {
  const router = useRouter()
  const session = useQuery(sessionQuery())
  const { client } = router.options.context
  const accept = useMutation({
    mutationFn: () => api.post('/v1/invitations/accept', invitationOffer, { token }),
    onSuccess: async ({ tenant }) => {
      await client.invalidateQueries({ queryKey: ['session'] })
      await router.navigate({ to: '/', search: { tenant: tenant.key } })
    },
  })
  return (
    <>
      {accept.error ? <CardProblem error={accept.error} /> : null}
      <p className="muted">You are signed in as {session.data?.person.name ?? '…'}.</p>
      <Button
        variant="filled"
        size="sm"
        autoFocus
        loading={accept.isPending}
        onClick={() => accept.mutate()}
      >
        Accept
      </Button>
      <Button size="sm" onClick={() => void signOut()}>
        Sign out to use another account
      </Button>
    </>
  )
}

function Begin({ token }: { readonly token: string }) {
  const { data: facts } = useQuery(signInFactsQuery())
  const begin = useMutation({ mutationFn: () => signIn(`/invitation#${token}`) })
  return (
    <>
      {begin.error ? <CardProblem error={begin.error} /> : null}
      {facts?.embedded && (
        // Posted, so that the token stands in no address.
        <form method="post" action="/auth/invitation">
          <input type="hidden" name="token" value={token} />
          <Button type="submit" variant="filled" size="sm" fullWidth>
            Make an account
          </Button>
        </form>
      )}
      <Button
        variant={facts?.embedded ? 'default' : 'filled'}
        size="sm"
        loading={begin.isPending}
        onClick={() => begin.mutate()}
      >
        {facts?.embedded ? 'I have an account: sign in' : 'Sign in to accept'}
      </Button>
    </>
  )
}
