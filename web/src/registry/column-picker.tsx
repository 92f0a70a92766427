import { Button, Checkbox, Popover } from '@mantine/core'
import { useState } from 'react'
import type { DeviceColumn } from './device-columns.tsx'

const REMEMBERED = 'pulse.devices.columns'
const usual = ['device', 'status', 'alerts', 'lastMessage', 'reading', 'lastHour', 'firmware']

/** Which columns to show: the URL's, else those one chose last, else the usual ones. */
export function useColumns(inUrl: string | undefined, onChange: (columns: string) => void) {
  const [remembered, setRemembered] = useState(localStorage.getItem(REMEMBERED))
  const shown = (inUrl ?? remembered)?.split(',') ?? usual
  const toggle = (key: string) => {
    const next = shown.includes(key) ? shown.filter((each) => each !== key) : [...shown, key]
    const text = next.join(',')
    localStorage.setItem(REMEMBERED, text)
    setRemembered(text)
    onChange(text)
  }
  return { shown, toggle }
}

interface ColumnPickerProps {
  readonly columns: readonly DeviceColumn[]
  readonly shown: readonly string[]
  readonly onToggle: (key: string) => void
}

/** Chooses columns; the device itself always stays. */
export function ColumnPicker({ columns, shown, onToggle }: ColumnPickerProps) {
  return (
    <Popover position="bottom-end" trapFocus>
      <Popover.Target>
        <Button>Columns</Button>
      </Popover.Target>
      <Popover.Dropdown>
        {columns
          .filter((column) => column.key !== 'device')
          .map((column) => (
            <Checkbox
              key={column.key}
              size="xs"
              my={6}
              label={column.title}
              checked={shown.includes(column.key)}
              onChange={() => onToggle(column.key)}
            />
          ))}
      </Popover.Dropdown>
    </Popover>
  )
}
