import type { Account, Session } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { formatMoment } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import classes from './account.module.css'

interface ProfilePanelProps {
  readonly session: Session
  /** What the embedded provider keeps; undefined where another vouches for the person. */
  readonly account: Account | undefined
}

/** Who one is, and in which tenants. */
export function ProfilePanel({ session, account }: ProfilePanelProps) {
  const { name, username } = session.person
  return (
    <Panel title="You" padded>
      <dl className={classes.facts}>
        <dt>Name</dt>
        <dd>{name}</dd>
        <dt>Username</dt>
        <dd>{username}</dd>
        {account && (
          <>
            <dt>E-mail</dt>
            <dd>
              {account.email ?? '—'}{' '}
              {account.email !== null && (
                <span className="muted">{account.emailVerified ? 'verified' : 'not verified'}</span>
              )}
            </dd>
            <dt>Password</dt>
            <dd>changed {formatMoment(account.passwordChangedAt)}</dd>
          </>
        )}
        <dt>Tenants</dt>
        <dd>
          {session.tenants.length === 0 && 'none'}
          {session.tenants.map((tenant) => (
            <div key={tenant.key}>
              <Link to="/" search={{ tenant: tenant.key }}>
                {tenant.name}
              </Link>{' '}
              <span className="muted">
                {tenant.entering ? 'entered as an operator' : tenant.role}
              </span>
            </div>
          ))}
        </dd>
        {session.operator && (
          <>
            <dt>Platform</dt>
            <dd>operator</dd>
          </>
        )}
      </dl>
    </Panel>
  )
}
