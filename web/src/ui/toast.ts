/** What a toast says; with `undo` it can be taken back while it stands. */
export interface Toast {
  readonly text: string
  readonly tone?: 'plain' | 'critical'
  /** Takes the change back; shown as a button. */
  readonly undo?: () => void
  /** Runs when it leaves without having been undone. */
  readonly onGone?: () => void
}

export interface StandingToast extends Toast {
  readonly id: number
}

/** How long a toast stands, and so how long an undo can be had. */
export const TOAST_MS = 8000

let nextId = 1
let standing: readonly StandingToast[] = []
const listeners = new Set<() => void>()

function set(next: readonly StandingToast[]) {
  standing = next
  for (const listener of listeners) listener()
}

/** Shows a toast for 8 s. Returns a function that takes it away early. */
export function toast(said: Toast): () => void {
  const id = nextId++
  set([...standing, { ...said, id }])
  setTimeout(() => dismissToast(id), TOAST_MS)
  return () => dismissToast(id)
}

/** Takes a toast away; `undone` runs its undo instead of its end. */
export function dismissToast(id: number, undone = false) {
  const gone = standing.find((each) => each.id === id)
  if (!gone) return
  set(standing.filter((each) => each.id !== id))
  if (undone) gone.undo?.()
  else gone.onGone?.()
}

/** The toasts as a store, for their one host. */
export const toastStore = {
  get: () => standing,
  subscribe(listener: () => void) {
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  },
}
