import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { sitesQuery, typesQuery } from '../registry/queries.ts'
import { useMay } from '../session/use-session.ts'
import { FormProblem } from '../ui/form-problem.tsx'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import classes from './connect.module.css'
import { checkDevice, type DeviceDraft, type DraftErrors, useDeviceDraft } from './device-draft.ts'
import { createToken, registerDevice } from './queries.ts'

interface DeviceStepProps {
  /** The device is registered and has a new token. */
  readonly onReady: (device: string, token: string) => void
}

/** Registers a device and creates its first token. */
export function RegisterDevice({ onReady }: DeviceStepProps) {
  const may = useMay('device.write')
  const { draft, change, clear } = useDeviceDraft()
  const [tried, setTried] = useState(false)
  const { errors, body } = checkDevice(draft)
  const { register, error, isPending } = useRegister((key, token) => {
    clear()
    onReady(key, token)
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setTried(true)
    if (body) return register(body)
    const first = (['key', 'name', 'type', 'site'] as const).find((field) => errors[field])
    event.currentTarget.querySelector<HTMLElement>(`[name="${first}"]`)?.focus()
  }
  if (!may) {
    return (
      <Panel title="Register a device">
        <EmptyState title="Your role cannot register devices">
          Ask an engineer or an admin of the tenant, or choose a device that is registered.
        </EmptyState>
      </Panel>
    )
  }
  return (
    <Panel title="Register a device" padded>
      <form className={classes.form} onSubmit={submit} noValidate>
        <Fields draft={draft} errors={errors} tried={tried} onChange={change} />
        <FormProblem error={error} />
        <Button type="submit" variant="filled" loading={isPending}>
          Register and create a token
        </Button>
      </form>
    </Panel>
  )
}

interface FieldsProps {
  readonly draft: DeviceDraft
  readonly errors: DraftErrors
  /** Whether it was submitted: then what is missing is said as well. */
  readonly tried: boolean
  readonly onChange: (patch: Partial<DeviceDraft>) => void
}

function Fields({ draft, errors, tried, onChange }: FieldsProps) {
  const { data: types } = useQuery(typesQuery())
  const { data: sites } = useQuery(sitesQuery())
  const shown = (field: keyof DeviceDraft) =>
    (tried || draft[field] !== '') && (errors[field] ?? false)
  return (
    <>
      <TextInput
        label="Key"
        name="key"
        placeholder="bench-01"
        description="Used in topics and addresses; it cannot be changed later."
        autoComplete="off"
        spellCheck={false}
        value={draft.key}
        onChange={(event) => onChange({ key: event.currentTarget.value })}
        error={shown('key')}
      />
      <TextInput
        label="Name"
        name="name"
        placeholder="The key, if left empty"
        autoComplete="off"
        value={draft.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={shown('name')}
      />
      <NativeSelect
        label="Type"
        name="type"
        value={draft.type}
        onChange={(event) => onChange({ type: event.currentTarget.value })}
        error={shown('type')}
        data={[{ value: '', label: 'Choose a type' }, ...optionsOf(types)]}
      />
      <NativeSelect
        label="Site"
        name="site"
        value={draft.site}
        onChange={(event) => onChange({ site: event.currentTarget.value })}
        data={[{ value: '', label: 'No site' }, ...optionsOf(sites)]}
      />
    </>
  )
}

interface Named {
  readonly key: string
  readonly name: string
}

const optionsOf = (all: ReadonlyMap<string, Named> | undefined) =>
  [...(all?.values() ?? [])].map(({ key, name }) => ({ value: key, label: name }))

type NewDevice = NonNullable<ReturnType<typeof checkDevice>['body']>

function useRegister(onDone: (device: string, token: string) => void) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: async (body: NewDevice) => {
      const { key } = await registerDevice(body)
      const { token } = await createToken(key)
      return { key, token }
    },
    onSuccess: ({ key, token }) => onDone(key, token),
    onSettled: () => {
      for (const name of ['devices', 'facets', 'overview']) {
        void client.invalidateQueries({ queryKey: [name] })
      }
    },
  })
  return { register: mutate, error, isPending }
}
