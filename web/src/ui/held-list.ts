import { useState } from 'react'

interface Held<T> {
  /** What is shown: unchanged until one asks for the new ones. */
  readonly shown: readonly T[]
  /** How many newer ones wait. */
  readonly waiting: number
  readonly showAll: () => void
}

/**
 * Keeps a list that grows at its head from jumping under the pointer: newer items wait until they
 * are asked for. `scope` names what is listed; another scope shows at once.
 */
export function useHeldList<T extends { readonly id: string | number }>(
  items: readonly T[] | undefined,
  scope: string,
): Held<T> {
  const [kept, setKept] = useState<{ scope: string; ids: ReadonlySet<string | number> }>()
  const all = items ?? []
  const known = kept?.scope === scope ? kept.ids : undefined
  const first = all.findIndex((item) => known?.has(item.id))
  const showAll = () => setKept({ scope, ids: new Set(all.map((item) => item.id)) })
  // Another scope, or so much news that nothing known is left: there is nothing to hold back for.
  if (first < 0 && all.length > 0) showAll()
  const waiting = Math.max(first, 0)
  return { shown: all.slice(waiting), waiting, showAll }
}
