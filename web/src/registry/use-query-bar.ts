import { type Facets, QueryError } from '@pulse/contract'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useHotkeys } from '../ui/hotkeys.ts'
import { complete, type Offer } from './completion.ts'
import { joinTerms, printTerm, readQuery, splitTerms } from './query-text.ts'

/** State of the bar: finished terms come from the URL, the unfinished one lives here. */
export function useQueryBar(q: string, onChange: (q: string) => void, facets: Facets | undefined) {
  const draft = useDraft(q, onChange)
  const { chips, text, split, commit, whole } = draft
  const [isOpen, open] = useState(false)
  const [chosen, setChosen] = useState<number>()
  const input = useRef<HTMLInputElement>(null)
  const offers = isOpen ? complete(text, facets) : []
  const offer = chosen === undefined ? undefined : offers[chosen]

  useHotkeys([{ keys: '/', label: 'Search devices', run: () => input.current?.focus() }])

  const take = (taken: Offer) => {
    setChosen(undefined)
    input.current?.focus()
    if (taken.complete) commit([joinTerms(chips), taken.text].filter(Boolean).join(' '))
    else draft.set(taken.text)
  }
  const acts: Readonly<Record<Action, () => void>> = {
    down: () => setChosen(step(chosen, 1, offers.length)),
    up: () => setChosen(step(chosen, -1, offers.length)),
    finish: () => (offer ? take(offer) : commit(whole)),
    complete: () => take(offer ?? (offers[0] as Offer)),
    reopen: draft.reopenLast,
    leave: () => input.current?.blur(),
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const action = keyAction(event, { text, isSplit: split, offers: offers.length })
    if (action === undefined) return
    event.preventDefault()
    acts[action]()
  }
  const type = (next: string) => {
    draft.set(next)
    setChosen(undefined)
    open(true)
  }
  const leave = () => {
    open(false)
    commit(whole)
  }
  return { ...draft, offers, chosen, input, open, type, take, leave, onKeyDown }
}

/** The unfinished term; becomes part of the query when that can be read. */
function useDraft(q: string, onChange: (q: string) => void) {
  const terms = splitTerms(q)
  const chips = terms ?? []
  const [draft, set] = useState<string>()
  const [failed, setFailed] = useState<string>()
  // Without chips the text of the query itself is edited.
  const text = draft ?? (terms ? '' : q)
  const whole = [joinTerms(chips), text].filter((part) => part.trim() !== '').join(' ')
  const read = readQuery(whole)
  const error = failed === whole && read instanceof QueryError ? read : undefined

  const commit = (next: string) => {
    if (readQuery(next) instanceof QueryError) return setFailed(next)
    set(undefined)
    if (next !== q) onChange(next)
  }
  const remove = (index: number) => onChange(joinTerms(chips.filter((_, at) => at !== index)))
  const reopenLast = () => {
    const last = chips.at(-1)
    if (!last) return
    set(printTerm(last))
    remove(chips.length - 1)
  }
  return { chips, split: terms !== undefined, text, whole, error, set, commit, remove, reopenLast }
}

interface BarState {
  readonly text: string
  readonly isSplit: boolean
  readonly offers: number
}

type Action = 'down' | 'up' | 'finish' | 'complete' | 'reopen' | 'leave'

function keyAction(event: KeyboardEvent<HTMLInputElement>, state: BarState): Action | undefined {
  const { text, isSplit, offers } = state
  if (event.key === 'ArrowDown' && offers > 0) return 'down'
  if (event.key === 'ArrowUp' && offers > 0) return 'up'
  if (event.key === 'Enter') return 'finish'
  if (event.key === 'Escape') return 'leave'
  if (event.key === 'Tab' && !event.shiftKey && offers > 0 && text !== '') return 'complete'
  if (event.key === 'Backspace' && text === '' && isSplit) return 'reopen'
  const atEnd = event.currentTarget.selectionStart === text.length
  if (event.key === ' ' && atEnd && isSplit && isFinished(text)) return 'finish'
  return undefined
}

/** A space ends a term unless quotes are open or it begins something richer. */
function isFinished(text: string): boolean {
  return text !== '' && splitTerms(text)?.length === 1 && !/^(?:or|and|not)$/.test(text)
}

function step(chosen: number | undefined, by: 1 | -1, count: number): number {
  if (chosen === undefined) return by === 1 ? 0 : count - 1
  return (chosen + by + count) % count
}
