import { Menu } from '@mantine/core'
import type { MemberFacts, RoleFacts } from '@pulse/contract'
import IconDots from '@tabler/icons-react/icons/IconDots'
import { useMemo } from 'react'
import { Chip } from '../ui/chip.tsx'
import { type Column, DataTable, type TableSource } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/states.tsx'
import { StatusDot } from '../ui/status.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import classes from './access.module.css'
import { RoleMenu } from './role-menu.tsx'
import { sourceWords } from './words.ts'

export interface PeopleActs {
  readonly onRole: (member: MemberFacts, role: RoleFacts) => void
  readonly onActivate: (member: MemberFacts) => void
  readonly onAsk: (kind: 'deactivate' | 'remove', member: MemberFacts) => void
}

interface PeopleTableProps {
  readonly people: readonly MemberFacts[]
  readonly source: TableSource
  readonly selected: string | undefined
  readonly onSelect: (member: MemberFacts) => void
  readonly roleName: (key: string) => string
  /** Left out where one may only look. */
  readonly acts: PeopleActs | undefined
}

/** The people of the tenant. */
export function PeopleTable(props: PeopleTableProps) {
  const { people, source, selected, onSelect, roleName, acts } = props
  const columns = useMemo(() => columnsOf(roleName, acts), [roleName, acts])
  return (
    <DataTable
      label="People"
      columns={columns}
      rows={people}
      rowKey={({ person }) => person}
      source={source}
      selected={selected}
      onSelect={onSelect}
      empty={<EmptyState title="Nobody matches">Take a filter out, or search for less.</EmptyState>}
    />
  )
}

const columnsOf = (
  roleName: (key: string) => string,
  acts: PeopleActs | undefined,
): readonly Column<MemberFacts>[] => [
  { key: 'name', title: 'Name', grow: true, cell: (member) => <Name member={member} /> },
  {
    key: 'username',
    title: 'User name',
    width: '150px',
    hideBelow: 900,
    cell: ({ username }) => (
      <span className={`${classes.off} ${classes.clip} ${classes.short}`} title={username}>
        {username}
      </span>
    ),
  },
  {
    key: 'email',
    title: 'E-mail',
    width: '220px',
    hideBelow: 900,
    cell: ({ email }) =>
      email === null ? (
        <span className="muted">—</span>
      ) : (
        <span className={classes.clip} title={email}>
          {email}
        </span>
      ),
  },
  {
    key: 'role',
    title: 'Role',
    width: '140px',
    cell: (member) =>
      acts && member.source !== 'claims' ? (
        <RoleMenu member={member} onChoose={(role) => acts.onRole(member, role)} />
      ) : (
        <span title={followsClaims(member)}>{roleName(member.role)}</span>
      ),
  },
  ...standing,
  ...(acts ? [actsColumn(acts)] : []),
]

const followsClaims = ({ source }: MemberFacts): string | undefined =>
  source === 'claims' ? 'Follows the identity provider; it is changed there' : undefined

const standing: readonly Column<MemberFacts>[] = [
  {
    key: 'source',
    title: 'Came by',
    width: '150px',
    hideBelow: 900,
    cell: ({ source }) => <span className={classes.off}>{sourceWords[source]}</span>,
  },
  {
    key: 'seen',
    title: 'Last seen',
    width: '120px',
    hideBelow: 640,
    cell: ({ lastSeenAt }) =>
      lastSeenAt === null ? (
        <span className="muted">never</span>
      ) : (
        <TimeAgo at={lastSeenAt} suffix="ago" />
      ),
  },
  {
    key: 'state',
    title: 'State',
    width: '120px',
    hideBelow: 640,
    cell: ({ active }) => (
      <StatusDot status={active ? 'online' : 'offline'}>
        {active ? 'Active' : 'Deactivated'}
      </StatusDot>
    ),
  },
]

function Name({ member }: { readonly member: MemberFacts }) {
  return (
    <>
      <span className={member.active ? classes.name : classes.off}>{member.name}</span>
      {member.self && (
        <span className={classes.you}>
          <Chip>you</Chip>
        </span>
      )}
    </>
  )
}

const actsColumn = (acts: PeopleActs): Column<MemberFacts> => ({
  key: 'acts',
  title: 'Actions',
  end: true,
  width: '72px',
  cell: (member) => (
    <Menu position="bottom-end">
      <Menu.Target>
        <button type="button" className={classes.more} aria-label={`Actions for ${member.name}`}>
          <IconDots size={16} stroke={1.6} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {member.active ? (
          <Menu.Item onClick={() => acts.onAsk('deactivate', member)}>Deactivate…</Menu.Item>
        ) : (
          <Menu.Item onClick={() => acts.onActivate(member)}>Activate</Menu.Item>
        )}
        <Menu.Item color="critical" onClick={() => acts.onAsk('remove', member)}>
          {member.self ? 'Leave the tenant…' : 'Remove from the tenant…'}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  ),
})
