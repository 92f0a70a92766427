import { Button, TextInput } from '@mantine/core'
import { type AuditVerification, auditVerificationQuery } from '@pulse/contract'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { checkForm } from '../ui/check-form.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
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
  const checked = checkForm(wanted, { expect: kept.trim() }, words)
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: ({ expect }: { expect: string }) => compareHead(expect),
  })
  const form = { checked, pending: isPending, error, onSubmit: mutate, onClose, leave: 'Close' }
  return (
    <FormDialog title="Is a head that was kept still in the chain?" act="Compare" {...form}>
      {(wrong) => (
        <>
          <p>
            A copied head, kept where nobody of Pulse can write, proves that the log up to it was
            not written anew.
          </p>
          <TextInput
            label="Head, hash@number"
            name="expect"
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            value={kept}
            onChange={(event) => setKept(event.currentTarget.value)}
            error={wrong('expect')}
          />
          <div role="status">
            {data?.result && <Answer kept={kept} result={data.result} />}
            {data && !data.result && 'The chain is long and is being walked: compare again soon.'}
          </div>
        </>
      )}
    </FormDialog>
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
