import { TextInput } from '@mantine/core'
import { type OperatorFacts, operatorGrant } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { checkForm } from '../ui/check-form.ts'
import { Confirm } from '../ui/confirm.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { toast } from '../ui/toast.ts'
import { grant } from './queries.ts'
import { isReason, REASON_NEEDED, ReasonField } from './reason-field.tsx'

const READ_BY = 'It stays in the audit of the platform.'

function useGrant(done: string, onClose: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: grant,
    onSuccess: () => {
      toast({ text: done })
      onClose()
    },
    onSettled: () => {
      for (const queryKey of [['operator'], ['session']]) {
        void client.invalidateQueries({ queryKey })
      }
    },
  })
}

interface EndOperatorProps {
  readonly operator: OperatorFacts
  readonly onClose: () => void
}

/** Takes the operator's area from somebody. */
export function EndOperator({ operator, onClose }: EndOperatorProps) {
  const { name, username, issuer, self } = operator
  const [reason, setReason] = useState('')
  const { mutate, error, isPending } = useGrant(`${name} is no operator any more.`, onClose)
  return (
    <Confirm
      title={self ? 'Give up the operator’s area?' : `Take away the operator’s area from ${name}?`}
      act={self ? 'Give it up' : 'Take it away'}
      keep="Leave it"
      ready={isReason(reason)}
      pending={isPending}
      error={error}
      onAct={() => mutate({ username, issuer, operator: false, reason })}
      onClose={onClose}
    >
      <p>
        Ends {self ? 'your' : 'their'} enterings within seconds. Memberships of tenants stay as they
        are.
      </p>
      <ReasonField readBy={READ_BY} value={reason} onChange={setReason} />
    </Confirm>
  )
}

const words = {
  username: 'Give the user name of somebody who has signed in once.',
  reason: REASON_NEEDED,
}

/** Makes somebody an operator. */
export function MakeOperator({ onClose }: { readonly onClose: () => void }) {
  const [username, setUsername] = useState('')
  const [reason, setReason] = useState('')
  const draft = { username: username.trim(), operator: true, reason }
  const checked = checkForm(operatorGrant, draft, words)
  const { mutate, error, isPending } = useGrant(`${draft.username} is an operator now.`, onClose)
  const form = { checked, pending: isPending, error, onSubmit: () => mutate(draft), onClose }
  return (
    <FormDialog title="Make somebody an operator" act="Make an operator" {...form}>
      {(wrong) => (
        <>
          <TextInput
            label="User name"
            name="username"
            description="An operator sees every tenant’s figures, and can enter each with a reason."
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
            error={wrong('username')}
          />
          <ReasonField
            readBy={READ_BY}
            value={reason}
            onChange={setReason}
            error={wrong('reason')}
          />
        </>
      )}
    </FormDialog>
  )
}
