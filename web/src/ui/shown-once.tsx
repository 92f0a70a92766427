import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { CopyButton } from './copy-button.tsx'
import classes from './form.module.css'
import { Panel } from './panel.tsx'

interface ShownOnceProps {
  /** `The new token`. */
  readonly title: string
  readonly secret: string
  /** What the button copies: `Copy the token`. */
  readonly copy: string
  /** How to use it, below. */
  readonly children?: ReactNode
  readonly onDone: () => void
}

/** A new secret, which nobody can show again. */
export function ShownOnce({ title, secret, copy, children, onDone }: ShownOnceProps) {
  return (
    <Panel
      title={title}
      meta="shown this once; Pulse keeps only a hash of it"
      actions={
        <>
          <CopyButton text={secret} label={copy} />
          <Button onClick={onDone}>I have it</Button>
        </>
      }
    >
      <div className={classes.shown}>
        <code className={classes.secret}>{secret}</code>
      </div>
      {children}
    </Panel>
  )
}
