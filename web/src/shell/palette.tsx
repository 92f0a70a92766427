import { Modal } from '@mantine/core'
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from 'react'
import classes from './palette.module.css'
import { type Option, useOptions } from './palette-options.ts'

const WHAT = 'Search devices, alerts, pages and commands'

/** Finds devices, open alerts, pages and actions; arrows move, Enter goes. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
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
      <Search onClose={onClose} />
    </Modal>
  )
}

function Search({ onClose }: { readonly onClose: () => void }) {
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
  const type = (next: string) => {
    setText(next)
    setAt(0)
  }
  const move = (step: number) =>
    setAt((current + step + options.length) % Math.max(1, options.length))
  const field = { id, text, current, onType: type, onMove: move }
  return (
    <>
      <Field {...field} onRun={() => run(options[current])} />
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
    </>
  )
}

interface FieldProps {
  readonly id: string
  readonly text: string
  readonly current: number
  readonly onType: (text: string) => void
  readonly onMove: (step: number) => void
  readonly onRun: () => void
}

function Field({ id, text, current, onType, onMove, onRun }: FieldProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      onMove(step)
    }
    if (event.key === 'Enter') onRun()
  }
  return (
    <input
      className={classes.input}
      placeholder={WHAT}
      value={text}
      data-autofocus
      role="combobox"
      aria-label={WHAT}
      aria-expanded="true"
      aria-controls={id}
      aria-activedescendant={current < 0 ? undefined : `${id}-${current}`}
      onChange={(event) => onType(event.currentTarget.value)}
      onKeyDown={onKeyDown}
    />
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
