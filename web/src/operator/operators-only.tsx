import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { sessionQuery } from '../session/queries.ts'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'

/** A page of the operator's area; the others read that it is not theirs. */
export function OperatorsOnly({ children }: { readonly children: ReactNode }) {
  const { data } = useQuery(sessionQuery())
  if (!data) return null
  if (data.operator) return <Page>{children}</Page>
  return (
    <Page>
      <PageHeader title="The operator’s area" />
      <Panel label="Not for you">
        <EmptyState title="You are no operator" action={<Link to="/">To the overview</Link>}>
          Here those who run Pulse look after all its tenants. What is in your tenant is in the menu
          at the left.
        </EmptyState>
      </Panel>
    </Page>
  )
}
