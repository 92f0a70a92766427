import { Button } from '@mantine/core'
import type { ApiKey } from '@pulse/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import classes from '../access/access.module.css'
import { AccessHead } from '../access/access-tabs.tsx'
import { curlOf } from '../access/curl.ts'
import { KeyDialog, type NewKey } from '../access/key-dialog.tsx'
import { KeyTable } from '../access/key-table.tsx'
import { apiKeysQuery, revokeApiKey } from '../access/queries.ts'
import { apiKeysSearch } from '../access/search.ts'
import { hasEnded } from '../access/words.ts'
import { Need } from '../session/need.tsx'
import { useMay } from '../session/use-session.ts'
import { Chip } from '../ui/chip.tsx'
import { CodeBlock } from '../ui/code-block.tsx'
import { Confirm } from '../ui/confirm.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { formatCount, formatDuration } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { Page } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { ShownOnce } from '../ui/shown-once.tsx'
import { EmptyState, StaleNote } from '../ui/states.tsx'
import { toast } from '../ui/toast.ts'
import { useSearchState } from '../ui/use-search-state.ts'

/** The keys with which services call the API; a new one is shown once. */
export function ApiKeysPage() {
  const mayWrite = useMay('key.write')
  const [search, setSearch] = useSearchState(apiKeysSearch)
  const close = () => setSearch({ make: undefined })
  const [made, setMade] = useState<NewKey>()
  const make = mayWrite ? () => setSearch({ make: true }) : undefined
  return (
    <Page>
      <AccessHead
        actions={
          make && (
            <Button variant="filled" onClick={make}>
              Make an API key
            </Button>
          )
        }
      />
      {made && <KeyOnce made={made} onDone={() => setMade(undefined)} />}
      <Need permission="key.read">
        <Keys onMake={make} />
      </Need>
      {search.make && mayWrite && (
        <KeyDialog
          onClose={close}
          onMade={(key) => {
            setMade(key)
            close()
          }}
        />
      )}
    </Page>
  )
}

function KeyOnce({ made, onDone }: { readonly made: NewKey; readonly onDone: () => void }) {
  const curl = curlOf(window.location.origin, made.key, made.permissions)
  return (
    <ShownOnce title={`The key ${made.name}`} secret={made.key} copy="Copy the key" onDone={onDone}>
      {curl && (
        <div className={classes.curl}>
          <div className={classes.curlHead}>
            Try it: this answers if the key works
            <CopyButton text={curl} label="Copy the command" />
          </div>
          <CodeBlock label="Command that uses the key">{curl}</CodeBlock>
        </div>
      )}
    </ShownOnce>
  )
}

function Keys({ onMake }: { readonly onMake: (() => void) | undefined }) {
  const [search, setSearch] = useSearchState(apiKeysSearch)
  const query = useQuery(apiKeysQuery())
  const [revoking, setRevoking] = useState<ApiKey>()
  const now = useNow()
  const all = query.data?.items ?? []
  const ended = all.filter((key) => hasEnded(key, now))
  const standing = all.filter((key) => !hasEnded(key, now))
  const past = search.state === 'ended'
  return (
    <>
      <div className={classes.filters}>
        <Chip active={!past} onClick={() => setSearch({ state: undefined })}>
          In force {formatCount(standing.length)}
        </Chip>
        <Chip active={past} onClick={() => setSearch({ state: 'ended' })}>
          Ended {formatCount(ended.length)}
        </Chip>
      </div>
      <StaleNote query={query} />
      <Panel label="API keys">
        <KeyTable
          keys={past ? ended : standing}
          source={query}
          selected={search.at}
          onSelect={({ id }) => setSearch({ at: id })}
          onRevoke={onMake && !past ? setRevoking : undefined}
          empty={<NoKeys past={past} onMake={onMake} />}
        />
      </Panel>
      {revoking && <Revoke apiKey={revoking} onClose={() => setRevoking(undefined)} />}
    </>
  )
}

interface NoKeysProps {
  readonly past: boolean
  readonly onMake: (() => void) | undefined
}

function NoKeys({ past, onMake }: NoKeysProps) {
  if (past)
    return <EmptyState title="No key has ended">Revoked and expired keys stay here.</EmptyState>
  return (
    <EmptyState
      title="No API key"
      action={
        onMake && (
          <Button variant="filled" onClick={onMake}>
            Make an API key
          </Button>
        )
      }
    >
      A service calls the API with a key: it may do what the key says, and no longer than it says.
    </EmptyState>
  )
}

interface RevokeProps {
  readonly apiKey: ApiKey
  readonly onClose: () => void
}

function Revoke({ apiKey, onClose }: RevokeProps) {
  const now = useNow()
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => revokeApiKey(apiKey.id),
    onSuccess: () => {
      toast({ text: `The key ${apiKey.name} is revoked.` })
      onClose()
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  const { lastUsedAt } = apiKey
  return (
    <Confirm
      title={`Revoke the key ${apiKey.name}?`}
      act="Revoke the key"
      keep="Keep it"
      pending={isPending}
      error={error}
      onAct={mutate}
      onClose={onClose}
    >
      <p>
        {lastUsedAt === null
          ? 'It was never used.'
          : `It was last used ${formatDuration(now - Date.parse(lastUsedAt))} ago: whatever uses it is refused from now on.`}{' '}
        This cannot be undone.
      </p>
    </Confirm>
  )
}
