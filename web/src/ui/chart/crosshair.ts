import { createContext } from 'react'

type Listener = (at: number | null) => void

/** The time that the pointer is over, shared by all charts and lanes of a page. */
export interface Crosshair {
  readonly set: (at: number | null) => void
  readonly subscribe: (listener: Listener) => () => void
}

export function createCrosshair(): Crosshair {
  const listeners = new Set<Listener>()
  let current: number | null = null
  return {
    set(at) {
      if (at === current) return
      current = at
      for (const listener of listeners) listener(at)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Charts below one provider move their crosshairs together. */
export const CrosshairContext = createContext<Crosshair>(createCrosshair())
