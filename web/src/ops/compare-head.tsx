import { Button, Modal, TextInput } from '@mantine/core'
import { type AuditVerification, auditVerificationQuery } from '@pulse/contract'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { checkForm, focusFirstError } from '../ui/check-form.ts'
import form from '../ui/form.module.css'
import { FormProblem } from '../ui/form-problem.tsx'
import { formatCount } from '../ui/format.ts'
import classes from './audit.module.css'
import { compareHead } from './queries.ts'

const wanted = auditVerificationQuery.pick({ expect: true }).required()
const words = { expect: 'Give a head as it was copied: 64 letters and digits, @, a number.' }

/** Whether a head that somebody kept is still in the chain: then nothing before it was rewritten. */
export function CompareHead() {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>Compare a head…</Button>
      {open && <Dialog onClose={() => setOpen(false)} />}
    </>
  )
}

function Dialog({ onClose }: { readonly onClose: () => void }) {
  const [kept, setKept] = useState('')
  const [tried, setTried] = useState(false)
  const { errors, body } = checkForm(wanted, { expect: kept.trim() }, words)
  const { mutate, data, error, isPending } = useMutation({ mutationFn: compareHead })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setTried(true)
    if (body) mutate(body.expect)
    else focusFirstError(event.currentTarget, errors)
  }
  return (
    <Modal opened onClose={onClose} title="Is a head that was kept still in the chain?" centered>
      <form className={form.form} onSubmit={submit} noValidate>
        <p>
          A copied head, kept where nobody of Pulse can write, proves that the log up to it was not
          written anew.
        </p>
        <TextInput
          label="Head, hash@number"
          name="expect"
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          value={kept}
          onChange={(event) => setKept(event.currentTarget.value)}
          error={tried && errors['expect']}
        />
        <div role="status">
          {data?.result && <Answer kept={kept} result={data.result} />}
          {data && !data.result && 'The chain is long and is being walked: compare again soon.'}
        </div>
        <FormProblem error={error} />
        <div className={form.buttons}>
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" variant="filled" loading={isPending}>
            Compare
          </Button>
        </div>
      </form>
    </Modal>
  )
}

interface AnswerProps {
  readonly kept: string
  readonly result: AuditVerification
}

function Answer({ kept, result }: AnswerProps) {
  const fault = result.faults.find(({ kind }) => kind === 'anchor')
  const number = formatCount(Number(kept.trim().split('@')[1]))
  if (fault) return <p className={classes.broken}>It is not: {fault.text}</p>
  if (!result.proven)
    return <p className={classes.broken}>It is, but the chain is broken elsewhere.</p>
  return <p className={classes.proven}>It is: nothing up to number {number} was rewritten.</p>
}
