import { Button, Modal, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import classes from './form.module.css'
import { FormProblem } from './form-problem.tsx'

interface ConfirmProps {
  /** As a question: `Revoke the key “Grafana”?` */
  readonly title: string
  /** What happens, in words and numbers. */
  readonly children: ReactNode
  /** The act, on its button: `Revoke the key`. */
  readonly act: string
  /** The way out, on its button. */
  readonly keep?: string
  /** False where it takes nothing from anybody. */
  readonly destructive?: boolean
  /** What must be typed before the button works; for what cannot be taken back. */
  readonly typed?: string
  /** Keeps the button still where more than a name is missing. */
  readonly ready?: boolean
  readonly pending: boolean
  /** Why it was refused; said in the dialog, which stays open. */
  readonly error: unknown
  readonly onAct: () => void
  readonly onClose: () => void
}

/** A question before an act that no undo takes back: states the effect, and asks for a name if need be. */
export function Confirm(props: ConfirmProps) {
  const { title, children, act, keep = 'Cancel', typed, onAct, onClose } = props
  const [text, setText] = useState('')
  const ready = (props.ready ?? true) && (typed === undefined || text.trim() === typed)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready) onAct()
  }
  return (
    <Modal opened onClose={onClose} title={title} centered>
      <form onSubmit={submit}>
        <div className={classes.said}>{children}</div>
        {typed !== undefined && (
          <TextInput
            className={classes.typed}
            label={
              <>
                Type <span className="mono">{typed}</span> to go on
              </>
            }
            value={text}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
        <FormProblem error={props.error} />
        <div className={classes.buttons}>
          <Button onClick={onClose} data-autofocus={typed === undefined || undefined}>
            {keep}
          </Button>
          <Button
            type="submit"
            variant="filled"
            color={props.destructive === false ? 'accent' : 'critical'}
            loading={props.pending}
            disabled={!ready}
          >
            {act}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
