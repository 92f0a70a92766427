import { Modal, useMantineColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from 'react'
import { overviewQuery } from '../fleet/queries.ts'
import { useLive } from '../live/use-live.tsx'
import { deviceSearchQuery } from '../registry/queries.ts'
import { signOut } from '../session/queries.ts'
import { navigation } from './navigation.ts'
import classes from './palette.module.css'

interface Option {
  readonly id: string
  readonly group: 'Devices' | 'Alerts' | 'Pages' | 'Actions'
  readonly title: string
  readonly meta: string
  readonly run: () => unknown
}

/** Finds devices, open alerts, pages and actions; arrows move, Enter goes. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const options = useOptions(useDeferredValue(text.trim()))
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const current = Math.min(at, options.length - 1)

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  })
  const run = (option: Option | undefined) => {
    if (!option) return
    onClose()
    option.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setAt((current + step + options.length) % Math.max(1, options.length))
    }
    if (event.key === 'Enter') run(options[current])
  }
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={620}
      yOffset="10vh"
      aria-label="Search and commands"
    >
      <input
        className={classes.input}
        placeholder="Search devices, alerts, pages and commands"
        value={text}
        data-autofocus
        role="combobox"
        aria-label="Search devices, alerts, pages and commands"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={options[current] ? `${id}-${current}` : undefined}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div className={classes.list} ref={list} id={id} role="listbox" aria-label="Results">
        {options.map((option, index) => (
          <Row
            key={option.id}
            option={option}
            id={`${id}-${index}`}
            begins={options[index - 1]?.group !== option.group}
            selected={index === current}
            onRun={() => run(option)}
          />
        ))}
        {options.length === 0 && <p className={classes.none}>Nothing is called that.</p>}
      </div>
    </Modal>
  )
}

interface RowProps {
  readonly option: Option
  readonly id: string
  readonly begins: boolean
  readonly selected: boolean
  readonly onRun: () => void
}

function Row({ option, id, begins, selected, onRun }: RowProps) {
  return (
    <>
      {begins && (
        <div className={classes.heading} role="presentation">
          {option.group}
        </div>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the focus and the keys */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: options are reached by activedescendant */}
      <div
        id={id}
        role="option"
        aria-selected={selected}
        className={classes.option}
        onClick={onRun}
      >
        <span className={classes.title}>{option.title}</span>
        <span className={classes.meta}>{option.meta}</span>
      </div>
    </>
  )
}

function useOptions(text: string): readonly Option[] {
  const router = useRouter()
  const found = useQuery(deviceSearchQuery(asQuery(text)))
  const overview = useQuery(overviewQuery())
  const actions = useActions()
  const matches = (title: string) => title.toLowerCase().includes(text.toLowerCase())

  const devices = text === '' ? [] : (found.data?.items ?? [])
  const alerts = overview.data?.now ?? []
  const pages = navigation.flatMap((module) =>
    module.entries.map((entry) => ({ ...entry, module: module.name })),
  )
  return [
    ...devices.map((device) => ({
      id: `device ${device.key}`,
      group: 'Devices' as const,
      title: device.name === device.key ? device.key : `${device.key} · ${device.name}`,
      meta: device.status,
      run: () => router.navigate({ to: '/devices/$key', params: { key: device.key } }),
    })),
    ...alerts
      .filter((alert) => matches(`${alert.device} ${alert.deviceName} ${alert.title}`))
      .slice(0, 5)
      .map((alert) => ({
        id: alert.id,
        group: 'Alerts' as const,
        title: `${alert.device} ${alert.title}`,
        meta: alert.severity,
        run: () => router.navigate({ to: '/alerts/$id', params: { id: alert.id } }),
      })),
    ...pages
      .filter((page) => matches(`${page.title} ${page.module}`))
      .map((page) => ({
        id: `page ${page.title}`,
        group: 'Pages' as const,
        title: page.title,
        meta: page.module,
        run: () => router.navigate({ to: page.to, search: page.search ?? {} }),
      })),
    ...actions.filter((action) => matches(action.title)),
  ]
}

/** What one types, as words of the fleet query, so that `a"b(` searches instead of failing. */
function asQuery(text: string): string {
  const words = text.split(/[^A-Za-z0-9_.:-]+/).filter((word) => /[A-Za-z0-9]/.test(word))
  return words.map((word) => `"${word}"`).join(' ')
}

function useActions(): readonly Option[] {
  const { setColorScheme } = useMantineColorScheme()
  const { status, toggle } = useLive()
  const action = (title: string, run: () => unknown): Option => ({
    id: title,
    group: 'Actions',
    title,
    meta: '',
    run,
  })
  return [
    action(status === 'paused' ? 'Go on with live updates' : 'Pause live updates', toggle),
    action('Theme: light', () => setColorScheme('light')),
    action('Theme: dark', () => setColorScheme('dark')),
    action('Theme: as the system', () => setColorScheme('auto')),
    action('Sign out', () => void signOut()),
  ]
}
