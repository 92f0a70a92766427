import { Button } from '@mantine/core'
import type { Session } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useRouter, useRouterState, useSearch } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { isSignedIn } from '../session/kept-session.ts'
import { sessionQuery } from '../session/queries.ts'
import { signOut } from '../session/sign-out.ts'
import { useTenantKey } from '../session/use-session.ts'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import { useSwitchTenant } from './tenant-menu.tsx'

/** Pages that are about a person or the platform, not about a tenant. */
const withoutTenant = (path: string) => /^\/(?:account|operator)(?:\/|$)/.test(path)

/** The page, where one belongs to the tenant that it is about; else why not and where one does. */
export function TenantGate({ children }: { readonly children: ReactNode }) {
  const { data } = useQuery(sessionQuery())
  const key = useTenantKey()
  // Of what is shown, not of where one is going: that has its turn when it is there.
  const path = useRouterState({ select: (state) => state.matches.at(-1)?.pathname ?? '/' })
  const { tenant: asked } = useSearch({ from: '/app' })
  useTenantInLink(data, asked)
  if (!data || withoutTenant(path)) return children
  if (data.tenants.length === 0) return <NoTenant session={data} />
  if (data.tenants.some((tenant) => tenant.key === key)) return children
  return asked === undefined ? null : <NotYours session={data} asked={asked} />
}

/** The link names the tenant if one has several, so that a colleague sees the same. */
function useTenantInLink(session: Session | undefined, asked: string | undefined) {
  const key = useTenantKey()
  const navigate = useNavigate()
  const wanted = tenantOfLink(session?.tenants ?? [], key, asked)
  useEffect(() => {
    // Who has just signed out is on the way to another page, which has no tenant.
    if (asked === wanted || !isSignedIn()) return
    const search = ((old: object) => ({ ...old, tenant: wanted })) as never
    void navigate({ to: '.', search, replace: true, resetScroll: false })
  }, [asked, wanted, navigate])
}

function tenantOfLink(
  tenants: Session['tenants'],
  key: string | undefined,
  asked: string | undefined,
): string | undefined {
  const mine = (each: string | undefined) => tenants.some((tenant) => tenant.key === each)
  // A link to a tenant that is not one's own stays as it is: the page says so.
  if (tenants.length === 0 || (asked !== undefined && !mine(asked))) return asked
  // Named even where it is the only one: that is how the router comes to choose it.
  if (!mine(key)) return tenants[0]?.key
  return tenants.length > 1 ? key : undefined
}

function NoTenant({ session }: { readonly session: Session }) {
  const router = useRouter()
  return (
    <Page>
      <PageHeader title="No tenant yet" />
      <Panel label="No tenant yet">
        <EmptyState
          title="You are signed in, but you belong to no tenant"
          action={
            <>
              {session.operator && (
                <Button variant="filled" onClick={() => router.history.push('/operator')}>
                  To the operator’s area
                </Button>
              )}
              <Button onClick={() => void signOut()}>Sign in as somebody else</Button>
            </>
          }
        >
          A tenant holds devices and what they report. Ask an admin of yours to invite{' '}
          <b>{session.person.username}</b>, and open the link that they send you.
        </EmptyState>
      </Panel>
    </Page>
  )
}

interface NotYoursProps {
  readonly session: Session
  readonly asked: string
}

function NotYours({ session, asked }: NotYoursProps) {
  const choose = useSwitchTenant()
  return (
    <Page>
      <PageHeader title="Not one of your tenants" />
      <Panel label="Not one of your tenants">
        <EmptyState
          title={`This link is for the tenant ${asked}`}
          action={session.tenants.map((tenant) => (
            <Button key={tenant.key} onClick={() => void choose(tenant.key)}>
              To {tenant.name}
            </Button>
          ))}
        >
          You do not belong to it, or not any more. If you need what the link shows, ask one of its
          admins to invite you.
        </EmptyState>
      </Panel>
    </Page>
  )
}
