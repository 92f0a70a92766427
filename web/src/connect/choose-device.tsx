import { Button, TextInput } from '@mantine/core'
import type { DeviceRow } from '@pulse/contract'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { deviceSearchQuery } from '../registry/queries.ts'
import { useMay } from '../session/use-session.ts'
import { FormProblem } from '../ui/form-problem.tsx'
import { Panel } from '../ui/panel.tsx'
import { StatusDot } from '../ui/status.tsx'
import classes from './connect.module.css'
import { createToken } from './queries.ts'

interface ChooseDeviceProps {
  /** Without a token the snippets have a placeholder for one. */
  readonly onReady: (device: string, token: string | undefined) => void
}

/** Finds a device that is registered, and gives it a new token if one wants that. */
export function ChooseDevice({ onReady }: ChooseDeviceProps) {
  const [text, setText] = useState('')
  const find = useDeferredValue(text.trim())
  const { data } = useQuery(deviceSearchQuery(find))
  const found = find === '' ? [] : (data?.items ?? [])
  const { mutate, error, isPending, variables } = useMutation({
    mutationFn: createToken,
    onSuccess: ({ token }, device) => onReady(device, token),
  })
  return (
    <Panel title="Or choose one that is registered" padded>
      <TextInput
        label="Key or name"
        placeholder="ups-0041"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <FormProblem error={error} />
      <ul className={classes.found} aria-label="Devices found">
        {found.map((device) => (
          <Found
            key={device.key}
            device={device}
            busy={isPending && variables === device.key}
            onCreate={() => mutate(device.key)}
            onReady={() => onReady(device.key, undefined)}
          />
        ))}
      </ul>
      {find !== '' && data && found.length === 0 && (
        <p className="muted">No device has this key or name.</p>
      )}
    </Panel>
  )
}

interface FoundProps {
  readonly device: DeviceRow
  readonly busy: boolean
  readonly onCreate: () => void
  readonly onReady: () => void
}

function Found({ device, busy, onCreate, onReady }: FoundProps) {
  const may = useMay('credential.write')
  return (
    <li>
      <span className={classes.foundName}>
        <b>{device.name}</b> <span className="mono muted">{device.key}</span>
      </span>
      <StatusDot status={device.status} />
      {may && (
        <Button
          size="compact-sm"
          loading={busy}
          aria-label={`New token for ${device.key}`}
          onClick={onCreate}
        >
          New token
        </Button>
      )}
      <Button size="compact-sm" aria-label={`I have a token of ${device.key}`} onClick={onReady}>
        I have one
      </Button>
    </li>
  )
}
