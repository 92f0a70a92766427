import { Button } from '@mantine/core'
import { CopyButton } from '../ui/copy-button.tsx'
import { Panel } from '../ui/panel.tsx'
import classes from './connect.module.css'

interface TokenOnceProps {
  readonly token: string
  readonly onDone: () => void
}

/** A new token, which nobody can show again. */
export function TokenOnce({ token, onDone }: TokenOnceProps) {
  return (
    <Panel
      title="The new token"
      meta="shown this once; Pulse keeps only a hash of it"
      actions={
        <>
          <CopyButton text={token} label="Copy the token" />
          <Button onClick={onDone}>I have it</Button>
        </>
      }
      padded
    >
      <code className={classes.token}>{token}</code>
    </Panel>
  )
}
