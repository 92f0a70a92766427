import { Button } from '@mantine/core'
import type { DeviceDetail, DeviceToken } from '@pulse/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useMay } from '../session/use-session.ts'
import { Confirm } from '../ui/confirm.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { formatExact, formatMoment } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { ShownOnce } from '../ui/shown-once.tsx'
import { EmptyState } from '../ui/states.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import { toast } from '../ui/toast.ts'
import { toastProblem } from '../ui/toast-problem.ts'
import { createToken, revokeToken, tokensQuery } from './queries.ts'

const baseColumns: readonly Column<DeviceToken>[] = [
  { key: 'id', title: 'Token', cell: ({ id }) => <span className="mono">{id}</span> },
  {
    key: 'created',
    title: 'Created',
    cell: ({ createdAt }) => (
      <time dateTime={createdAt} title={formatExact(createdAt)}>
        {formatMoment(createdAt)}
      </time>
    ),
  },
  {
    key: 'used',
    title: 'Last used',
    hideBelow: 640,
    cell: ({ lastUsedAt }) =>
      lastUsedAt === null ? (
        <span className="muted">never</span>
      ) : (
        <TimeAgo at={lastUsedAt} suffix="ago" />
      ),
  },
  {
    key: 'state',
    title: 'State',
    cell: ({ revokedAt }) =>
      revokedAt === null ? (
        'valid'
      ) : (
        <span className="muted">revoked {formatMoment(revokedAt)}</span>
      ),
  },
]

/** The tokens with which a device signs in: create one, revoke one. */
export function CredentialsTab({ device }: { readonly device: DeviceDetail }) {
  const may = useMay('credential.write')
  const query = useQuery(tokensQuery(device.key))
  const [revoking, setRevoking] = useState<DeviceToken>()
  const { create, token, forget, isPending } = useCreate(device.key)
  const columns = useMemo(
    () => (may ? [...baseColumns, revokeColumn(setRevoking)] : baseColumns),
    [may],
  )
  const createButton = may && (
    <Button variant="filled" loading={isPending} onClick={() => create()}>
      Create a token
    </Button>
  )
  return (
    <>
      {token && (
        <ShownOnce title="The new token" copy="Copy the token" secret={token} onDone={forget} />
      )}
      <Panel
        title="Tokens"
        meta="two may be valid at once while one is being replaced"
        actions={createButton}
      >
        <DataTable
          label="Tokens"
          columns={columns}
          rows={query.data?.items ?? []}
          rowKey={({ id }) => id}
          source={query}
          empty={
            <EmptyState title="No token" action={createButton}>
              Without a token this device cannot connect.
            </EmptyState>
          }
        />
      </Panel>
      {revoking && (
        <Revoke device={device} token={revoking} onClose={() => setRevoking(undefined)} />
      )}
    </>
  )
}

const revokeColumn = (onRevoke: (token: DeviceToken) => void): Column<DeviceToken> => ({
  key: 'revoke',
  title: 'Action',
  end: true,
  width: '110px',
  cell: (token) =>
    token.revokedAt === null && (
      <Button size="compact-xs" aria-label={`Revoke ${token.id}`} onClick={() => onRevoke(token)}>
        Revoke…
      </Button>
    ),
})

function useCreate(device: string) {
  const client = useQueryClient()
  const { mutate, data, reset, isPending } = useMutation({
    mutationFn: () => createToken(device),
    onError: (error) => toastProblem(error),
    onSettled: () => client.invalidateQueries({ queryKey: ['tokens', device] }),
  })
  return { create: mutate, token: data?.token, forget: reset, isPending }
}

interface RevokeProps {
  readonly device: DeviceDetail
  readonly token: DeviceToken
  readonly onClose: () => void
}

function Revoke({ device, token, onClose }: RevokeProps) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => revokeToken(device.key, token.id),
    onSuccess: () => {
      toast({ text: `Token ${token.id} of ${device.name} is revoked.` })
      onClose()
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['tokens', device.key] }),
  })
  const connected = device.session.connected
  return (
    <Confirm
      title={`Revoke token ${token.id}?`}
      act="Revoke the token"
      keep="Keep it"
      pending={isPending}
      error={error}
      onAct={mutate}
      onClose={onClose}
    >
      <p>
        {connected
          ? `If ${device.name} signed in with it, its session ends at once and it cannot come back with this token.`
          : `${device.name} cannot connect with this token any more.`}{' '}
        This cannot be undone.
      </p>
    </Confirm>
  )
}
