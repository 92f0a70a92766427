import type { Permission } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTenant } from '../session/use-session.ts'
import { PageHeader } from '../ui/page-header.tsx'
import classes from '../ui/tabs.module.css'

const tabs = [
  { to: '/people', title: 'People', need: 'member.read' },
  { to: '/people/invitations', title: 'Invitations', need: 'member.read' },
  { to: '/people/roles', title: 'Roles', need: 'member.read' },
  { to: '/people/keys', title: 'API keys', need: 'key.read' },
] as const satisfies readonly { to: string; title: string; need: Permission }[]

interface AccessHeadProps {
  /** Beside the title: what the tab counts. */
  readonly meta?: ReactNode
  readonly actions?: ReactNode
}

/** Title and tabs of the pages that say who may do what; a tab that one may not read is left out. */
export function AccessHead({ meta, actions }: AccessHeadProps) {
  const may = useTenant()?.permissions
  const shown = tabs.filter((tab) => may?.includes(tab.need) ?? true)
  return (
    <>
      <PageHeader title="People and keys" meta={meta} actions={actions} />
      {shown.length > 0 && (
        <nav className={classes.tabs} aria-label="People and keys">
          {shown.map(({ to, title }) => (
            <Link
              key={to}
              to={to}
              search={{}}
              className={classes.tab}
              activeOptions={{ exact: true, includeSearch: false }}
            >
              {title}
            </Link>
          ))}
        </nav>
      )}
    </>
  )
}
