import { TextInput } from '@mantine/core'
import IconSearch from '@tabler/icons-react/icons/IconSearch'
import { useRef } from 'react'
import { useHotkeys } from './hotkeys.ts'

interface SearchFieldProps {
  /** What it searches, as its name: `Search people`. */
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
}

/** The search of a list; `/` goes there. */
export function SearchField({ label, value, onChange }: SearchFieldProps) {
  const field = useRef<HTMLInputElement>(null)
  useHotkeys([{ keys: '/', label, run: () => field.current?.focus() }])
  return (
    <TextInput
      ref={field}
      type="search"
      size="xs"
      w={240}
      ml="auto"
      aria-label={label}
      placeholder={label}
      autoComplete="off"
      spellCheck={false}
      leftSection={<IconSearch size={14} stroke={1.6} aria-hidden="true" />}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') event.currentTarget.blur()
      }}
    />
  )
}
