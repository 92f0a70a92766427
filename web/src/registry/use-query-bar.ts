import { type Facets, QueryError } from '@pulse/contract'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useHotkeys } from '../ui/hotkeys.ts'
import { complete, type Offer } from './completion.ts'
import { joinTerms, printTerm, readQuery, splitTerms } from './query-text.ts'

/** State of the bar: finished terms come from the URL, the unfinished one lives here. */
export function useQueryBar(q: string, onChange: (q: string) => void, facets: Facets | undefined) {
  const split = splitTerms(q)
  const chips = split ?? []
  const [draft, setDraft] = useState<string>()
  const [isOpen, open] = useState(false)
  const [chosen, setChosen] = useState<number>()
  const [failed, setFailed] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  // Without chips the text of the query itself is edited.
  const text = draft ?? (split ? '' : q)
  const whole = [joinTerms(chips), text].filter((part) => part.trim() !== '').join(' ')
  const read = readQuery(whole)
  const error = failed === whole && read instanceof QueryError ? read : undefined
  const offers = isOpen ? complete(text, facets) : []
  const chosenOffer = chosen === undefined ? undefined : offers[chosen]

  useHotkeys([{ keys: '/', label: 'Search devices', run: () => input.current?.focus() }])

  const commit = (next: string) => {
    if (readQuery(next) instanceof QueryError) return setFailed(next)
    setDraft(undefined)
    setChosen(undefined)
    if (next !== q) onChange(next)
  }
  const take = (offer: Offer) => {
    setChosen(undefined)
    input.current?.focus()
    if (offer.complete) commit([joinTerms(chips), offer.text].filter(Boolean).join(' '))
    else setDraft(offer.text)
  }
  const remove = (index: number) => onChange(joinTerms(chips.filter((_, at) => at !== index)))
  const reopenLast = () => {
    const last = chips.at(-1)
    if (!last) return
    setDraft(printTerm(last))
    remove(chips.length - 1)
  }
  const acts: Readonly<Record<Action, () => void>> = {
    down: () => setChosen(step(chosen, 1, offers.length)),
    up: () => setChosen(step(chosen, -1, offers.length)),
    finish: () => (chosenOffer ? take(chosenOffer) : commit(whole)),
    complete: () => take(chosenOffer ?? (offers[0] as Offer)),
    reopen: reopenLast,
    leave: () => input.current?.blur(),
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const action = keyAction(event, { text, isSplit: split !== undefined, offers: offers.length })
    if (action === undefined) return
    event.preventDefault()
    acts[action]()
  }
  const type = (next: string) => {
    setDraft(next)
    setChosen(undefined)
    open(true)
  }
  const leave = () => {
    open(false)
    commit(whole)
  }
  return {
    chips,
    text,
    whole,
    error,
    offers,
    chosen,
    input,
    open,
    type,
    take,
    remove,
    leave,
    onKeyDown,
  }
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
