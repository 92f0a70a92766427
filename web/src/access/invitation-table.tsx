import { Button } from '@mantine/core'
import type { Invitation } from '@pulse/contract'
import { useMemo } from 'react'
import { type Column, DataTable, type TableSource } from '../ui/data-table.tsx'
import { formatExact } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { EmptyState } from '../ui/states.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import classes from './access.module.css'
import { whenEnds } from './words.ts'

interface InvitationTableProps {
  readonly invitations: readonly Invitation[]
  readonly source: TableSource
  readonly selected: string | undefined
  readonly onSelect: (invitation: Invitation) => void
  readonly roleName: (key: string) => string
  /** Left out where one may only look. */
  readonly onWithdraw: ((invitation: Invitation) => void) | undefined
  readonly onInvite: (() => void) | undefined
}

/** Invitations, the newest first. */
export function InvitationTable(props: InvitationTableProps) {
  const { invitations, source, selected, onSelect, roleName, onWithdraw, onInvite } = props
  const columns = useMemo(() => columnsOf(roleName, onWithdraw), [roleName, onWithdraw])
  return (
    <DataTable
      label="Invitations"
      columns={columns}
      rows={invitations}
      rowKey={({ id }) => id}
      source={source}
      selected={selected}
      onSelect={onSelect}
      empty={
        <EmptyState
          title="No invitation is open"
          action={
            onInvite && (
              <Button variant="filled" onClick={onInvite}>
                Invite a person
              </Button>
            )
          }
        >
          An invitation is a link for one e-mail address. Who accepts it gets its role.
        </EmptyState>
      }
    />
  )
}

const columnsOf = (
  roleName: (key: string) => string,
  onWithdraw: ((invitation: Invitation) => void) | undefined,
): readonly Column<Invitation>[] => [
  {
    key: 'email',
    title: 'E-mail',
    grow: true,
    cell: ({ email }) => <span className={classes.name}>{email}</span>,
  },
  { key: 'role', title: 'Role', width: '140px', cell: ({ role }) => roleName(role) },
  {
    key: 'by',
    title: 'Invited by',
    width: '170px',
    hideBelow: 900,
    cell: ({ invitedBy }) => invitedBy,
  },
  {
    key: 'created',
    title: 'Made',
    width: '130px',
    hideBelow: 640,
    cell: ({ createdAt }) => <TimeAgo at={createdAt} suffix="ago" />,
  },
  {
    key: 'state',
    title: 'State',
    width: '190px',
    cell: (invitation) => <State invitation={invitation} />,
  },
  ...(onWithdraw ? [withdrawColumn(onWithdraw)] : []),
]

function State({ invitation }: { readonly invitation: Invitation }) {
  const now = useNow()
  const { state, expiresAt } = invitation
  if (state === 'accepted') return 'Accepted'
  if (state === 'withdrawn') return <span className="muted">Withdrawn</span>
  const when = whenEnds(expiresAt, now)
  return (
    <time
      dateTime={expiresAt}
      title={formatExact(expiresAt)}
      className={state === 'expired' ? 'muted' : undefined}
    >
      {state === 'expired' ? `Expired ${when}` : `Open, ends ${when}`}
    </time>
  )
}

const withdrawColumn = (onWithdraw: (invitation: Invitation) => void): Column<Invitation> => ({
  key: 'withdraw',
  title: 'Action',
  end: true,
  width: '110px',
  cell: (invitation) =>
    invitation.state === 'open' && (
      <Button
        size="compact-xs"
        aria-label={`Withdraw the invitation of ${invitation.email}`}
        onClick={() => onWithdraw(invitation)}
      >
        Withdraw…
      </Button>
    ),
})
