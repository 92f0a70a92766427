import { Button, Modal } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { type Checked, focusFirstError } from './check-form.ts'
import classes from './form.module.css'
import { FormProblem } from './form-problem.tsx'

interface FormDialogProps<B> {
  readonly title: string
  /** What the button does: `Make the key`. */
  readonly act: string
  /** The way out. */
  readonly leave?: string
  readonly size?: number
  readonly checked: Checked<B>
  readonly pending: boolean
  /** Why it was refused; said in the dialog, in which nothing is lost. */
  readonly error: unknown
  readonly onSubmit: (body: B) => void
  readonly onClose: () => void
  /** The fields; `wrong` says what is wrong with one, once one has tried to go on. */
  readonly children: (wrong: (field: string) => string | undefined) => ReactNode
}

/** A form in a dialog: what is wrong is said at its field, and the first such field gets the focus. */
export function FormDialog<B>(props: FormDialogProps<B>) {
  const { title, act, leave = 'Cancel', size, checked, onSubmit, onClose } = props
  const [tried, setTried] = useState(false)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setTried(true)
    if (checked.body !== undefined) onSubmit(checked.body)
    else focusFirstError(event.currentTarget, checked.errors)
  }
  return (
    <Modal opened onClose={onClose} title={title} centered {...(size ? { size } : {})}>
      <form className={classes.form} onSubmit={submit} noValidate>
        {props.children((field) => (tried ? checked.errors[field] : undefined))}
        <FormProblem error={props.error} />
        <div className={classes.buttons}>
          <Button onClick={onClose}>{leave}</Button>
          <Button type="submit" variant="filled" loading={props.pending}>
            {act}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
