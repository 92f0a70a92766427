import { useEffect, useLayoutEffect, useRef } from 'react'

/** A key of a page: `j`, `Enter`, `?`, or with the command key `mod+k`. */
export interface Hotkey {
  readonly keys: string
  /** What it does, for the list under `?`: `Next row`. */
  readonly label: string
  readonly run: (event: KeyboardEvent) => void
}

interface Registration {
  readonly current: readonly Hotkey[]
}

const registrations: Registration[] = []

/** Every key that works now, the newest first, each once. */
export function activeHotkeys(): readonly Hotkey[] {
  const seen = new Map<string, Hotkey>()
  for (const registration of registrations.toReversed()) {
    for (const hotkey of registration.current) {
      if (!seen.has(hotkey.keys)) seen.set(hotkey.keys, hotkey)
    }
  }
  return [...seen.values()]
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Enter and Space belong to the control that has the focus. */
const isControl = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('a, button, [role="menuitem"]') !== null

const overlayOpen = () => document.querySelector('[role="dialog"], [role="menu"]') !== null

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  return event.metaKey || event.ctrlKey ? `mod+${key}` : key
}

function onKeyDown(event: KeyboardEvent) {
  if (event.defaultPrevented || event.altKey) return
  const name = nameOf(event)
  const plain = !name.startsWith('mod+')
  if (plain && (isTyping(event.target) || overlayOpen())) return
  if (name === 'Enter' && isControl(event.target)) return
  const hotkey = activeHotkeys().find((each) => each.keys === name)
  if (!hotkey) return
  event.preventDefault()
  hotkey.run(event)
}

/**
 * Registers keys while a component stands; the newest registration of a key wins, and `?` lists
 * them all; those of the frame yield to the page's. Plain keys rest while one types or a dialog is open.
 */
export function useHotkeys(hotkeys: readonly Hotkey[], rank: 'page' | 'frame' = 'page') {
  const latest = useRef(hotkeys)
  useEffect(() => {
    latest.current = hotkeys
  })
  // With the layout, not after it: a key pressed at once must find what one sees.
  useLayoutEffect(() => {
    if (registrations.length === 0) window.addEventListener('keydown', onKeyDown)
    // Effects run from the leaves to the root: the frame around a page comes last, but yields.
    if (rank === 'frame') registrations.unshift(latest)
    else registrations.push(latest)
    return () => {
      registrations.splice(registrations.indexOf(latest), 1)
      if (registrations.length === 0) window.removeEventListener('keydown', onKeyDown)
    }
  }, [rank])
}
