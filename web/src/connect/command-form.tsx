import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FormProblem } from '../ui/form-problem.tsx'
import { Panel } from '../ui/panel.tsx'
import { toast } from '../ui/toast.ts'
import { type CommandDraft, checkDraft, useCommandDraft } from './command-draft.ts'
import classes from './connect.module.css'
import { sendCommand } from './queries.ts'

const lifetimes = [
  { value: '60', label: '1 min' },
  { value: '3600', label: '1 h' },
  { value: '86400', label: '1 d' },
  { value: '604800', label: '7 d' },
]

/** Name, payload and lifetime of a command, checked as one types. */
export function CommandForm({ device }: { readonly device: string }) {
  const { draft, change, clear } = useCommandDraft(device)
  const [tried, setTried] = useState(false)
  const { nameError, body } = checkDraft(draft)
  const { send, error, isPending } = useSend(device, () => {
    clear()
    setTried(false)
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setTried(true)
    if (body) return send(body)
    const wrong = nameError ? 'name' : 'payload'
    event.currentTarget.querySelector<HTMLElement>(`[name="${wrong}"]`)?.focus()
  }
  return (
    <Panel title="Send a command" padded>
      <form className={classes.form} onSubmit={submit} noValidate>
        <Fields draft={draft} tried={tried} onChange={change} />
        <FormProblem error={error} />
        <Button type="submit" variant="filled" loading={isPending}>
          Send
        </Button>
      </form>
    </Panel>
  )
}

interface FieldsProps {
  readonly draft: CommandDraft
  /** Whether it was submitted: then what is missing is said as well. */
  readonly tried: boolean
  readonly onChange: (patch: Partial<CommandDraft>) => void
}

function Fields({ draft, tried, onChange }: FieldsProps) {
  const { nameError, payloadError } = checkDraft(draft)
  return (
    <>
      <TextInput
        label="Name"
        name="name"
        placeholder="reboot"
        autoComplete="off"
        value={draft.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={tried && nameError}
      />
      <Textarea
        label="Payload, JSON"
        name="payload"
        placeholder='{"delayS": 5}'
        description="What the device gets; may be empty."
        rows={5}
        classNames={{ input: classes.code ?? '' }}
        spellCheck={false}
        value={draft.payload}
        onChange={(event) => onChange({ payload: event.currentTarget.value })}
        error={payloadError}
      />
      <NativeSelect
        label="Waits for a device that is away"
        data={lifetimes}
        value={String(draft.ttlS)}
        onChange={(event) => onChange({ ttlS: Number(event.currentTarget.value) })}
      />
    </>
  )
}

function useSend(device: string, onSent: () => void) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (body: Parameters<typeof sendCommand>[1]) => sendCommand(device, body),
    onSuccess: (command) => {
      toast({ text: `${command.name} is on its way to ${device}.` })
      onSent()
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['commands', device] }),
  })
  return { send: mutate, error, isPending }
}
