import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import { useMay } from '../session/use-session.ts'
import { useDeviceType } from '../state/use-device-type.ts'
import { Chip } from '../ui/chip.tsx'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Panel } from '../ui/panel.tsx'
import { QueryView, Skeleton } from '../ui/states.tsx'
import { toastProblem } from '../ui/toast-problem.ts'
import { useSearchState } from '../ui/use-search-state.ts'
import classes from './connect.module.css'
import { createToken, endpointsQuery } from './queries.ts'
import { connectSearch } from './search.ts'
import { snippetOf, snippetTabs, TOKEN_PLACEHOLDER } from './snippets.ts'

interface SnippetPanelProps {
  readonly device: string
  /** Known only right after it was created. */
  readonly token: string | undefined
  readonly onToken: (token: string) => void
}

/** A command or program to paste, with where to connect and with what. */
export function SnippetPanel({ device, token, onToken }: SnippetPanelProps) {
  const query = useQuery(endpointsQuery())
  const metric = useDeviceType(device)?.metrics[0]?.name ?? 'tempC'
  const [{ snippet = 'mosquitto' }, setSearch] = useSearchState(connectSearch)
  return (
    <Panel
      title="Publish from anywhere"
      actions={snippetTabs.map((tab) => (
        <Chip key={tab.key} active={tab.key === snippet} onClick={() => setSearch(choice(tab.key))}>
          {tab.label}
        </Chip>
      ))}
    >
      <QueryView query={query} skeleton={<Loading />}>
        {(endpoints) => {
          const input = { endpoints, device, token: token ?? TOKEN_PLACEHOLDER, metric }
          const text = snippetOf(snippet, input)
          return (
            <>
              <CodeBlock label={`Snippet for ${snippet}`}>{text}</CodeBlock>
              <div className={classes.foot}>
                {token ? (
                  <span className="muted">The token is shown once.</span>
                ) : (
                  <NewToken device={device} onToken={onToken} />
                )}
                <CopyButton key={text} text={text} />
              </div>
            </>
          )
        }}
      </QueryView>
    </Panel>
  )
}

const choice = (key: z.infer<typeof connectSearch>['snippet']) => ({
  snippet: key === 'mosquitto' ? undefined : key,
})

interface NewTokenProps {
  readonly device: string
  readonly onToken: (token: string) => void
}

function NewToken({ device, onToken }: NewTokenProps) {
  const may = useMay('credential.write')
  const { mutate, isPending } = useMutation({
    mutationFn: () => createToken(device),
    onSuccess: ({ token }) => onToken(token),
    onError: (error) => toastProblem(error),
  })
  return (
    <span className={classes.newToken}>
      <span className="muted">Put a token of the device in place of {TOKEN_PLACEHOLDER}.</span>
      {may && (
        <Button loading={isPending} onClick={() => mutate()}>
          Create a new one
        </Button>
      )}
    </span>
  )
}

function Loading() {
  return (
    <div className={classes.loading}>
      {[60, 45, 50, 70].map((width) => (
        <Skeleton key={width} width={`${width}%`} />
      ))}
    </div>
  )
}
