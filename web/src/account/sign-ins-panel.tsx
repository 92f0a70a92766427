import { Button } from '@mantine/core'
import type { OwnSignIn } from '@pulse/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { signOut } from '../session/sign-out.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { formatExact, formatMoment } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import { toast } from '../ui/toast.ts'
import { toastProblem } from '../ui/toast-problem.ts'
import { agentWords } from './agent-words.ts'
import { endSignIn, signInsQuery } from './queries.ts'

const columns: readonly Column<OwnSignIn>[] = [
  {
    key: 'agent',
    title: 'Browser',
    cell: ({ agent, current }) => (
      <span title={agent ?? ''}>
        {agentWords(agent)} {current && <span className="muted">this one</span>}
      </span>
    ),
  },
  {
    key: 'address',
    title: 'Address',
    hideBelow: 640,
    cell: ({ address }) => <span className="mono">{address ?? '—'}</span>,
  },
  {
    key: 'began',
    title: 'Signed in',
    hideBelow: 900,
    cell: ({ beganAt }) => (
      <time dateTime={beganAt} title={formatExact(beganAt)}>
        {formatMoment(beganAt)}
      </time>
    ),
  },
  {
    key: 'seen',
    title: 'Last used',
    cell: ({ seenAt }) => <TimeAgo at={seenAt} suffix="ago" />,
  },
  { key: 'end', title: 'Action', end: true, width: '110px', cell: (row) => <End signIn={row} /> },
]

/** Every browser that is signed in as oneself; each can be signed out from here. */
export function SignInsPanel() {
  const query = useQuery(signInsQuery())
  return (
    <Panel title="Sign-ins" meta="a browser you do not know? End it and change your password">
      <DataTable
        label="Sign-ins"
        columns={columns}
        rows={query.data?.items ?? []}
        rowKey={({ id }) => id}
        source={query}
        empty={<EmptyState title="No sign-in is known">They appear with the next one.</EmptyState>}
      />
    </Panel>
  )
}

function End({ signIn }: { readonly signIn: OwnSignIn }) {
  const client = useQueryClient()
  const { mutate, isPending } = useMutation({
    mutationFn: () => endSignIn(signIn.id),
    onSuccess: () => toast({ text: `${agentWords(signIn.agent)} is signed out.` }),
    onError: (error) => toastProblem(error, 'Not ended.'),
    onSettled: () => client.invalidateQueries({ queryKey: ['sign-ins'] }),
  })
  if (signIn.current) {
    return (
      <Button size="compact-xs" onClick={() => void signOut()}>
        Sign out
      </Button>
    )
  }
  return (
    <Button
      size="compact-xs"
      loading={isPending}
      aria-label={`End the sign-in of ${agentWords(signIn.agent)}, ${formatMoment(signIn.beganAt)}`}
      onClick={() => mutate()}
    >
      End
    </Button>
  )
}
