import type { LiveEvent, Rejection, StoredMessage } from '@pulse/contract'

/** One-by-one events of a device, for its live tail. */
export type TailEvent =
  | { readonly type: 'message'; readonly data: StoredMessage }
  | { readonly type: 'rejection'; readonly data: Rejection }
  | { readonly type: 'gap'; readonly data: { readonly dropped: number } }

type Listener = (events: readonly TailEvent[]) => void

/** Who listens to which device; the stream carries the newest one's. */
export function createTails() {
  const tails = new Map<string, Set<Listener>>()
  return {
    wanted: () => [...tails.keys()].at(-1),
    add(device: string, listener: Listener) {
      const heard = tails.get(device) ?? new Set()
      tails.set(device, heard.add(listener))
    },
    remove(device: string, listener: Listener) {
      const heard = tails.get(device)
      heard?.delete(listener)
      if (heard?.size === 0) tails.delete(device)
    },
    tell(events: readonly LiveEvent[]) {
      const wanted = events.filter(isTail)
      if (wanted.length === 0) return
      for (const [device, heard] of tails) {
        const own = wanted.filter((event) => event.type === 'gap' || event.data.device === device)
        if (own.length > 0) for (const listener of heard) listener(own)
      }
    },
  }
}

const isTail = (event: LiveEvent): event is LiveEvent & TailEvent =>
  event.type === 'message' || event.type === 'rejection' || event.type === 'gap'
