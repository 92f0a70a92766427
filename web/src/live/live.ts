import type { LiveEvent, Rejection, StoredMessage } from '@pulse/contract'
import type { QueryClient } from '@tanstack/react-query'
import { openConnection } from './connection.ts'
import { mergeEvents } from './merge.ts'

/** What the shell shows of the stream. */
export interface LiveState {
  readonly status: 'connecting' | 'live' | 'reconnecting' | 'paused'
  /** Since when it is as `status` says, epoch milliseconds. */
  readonly since: number
  readonly perSecond: number
  /** Last minute of `perSecond`, oldest first; null where it was not heard. */
  readonly rates: readonly (number | null)[]
}

/** One-by-one events of a device, for its live tail. */
export type TailEvent =
  | { readonly type: 'message'; readonly data: StoredMessage }
  | { readonly type: 'rejection'; readonly data: Rejection }
  | { readonly type: 'gap'; readonly data: { readonly dropped: number } }

const PAINT_MS = 250
const REFETCH_MS = 2000
const RATES = 60
/** Room of the first curve, so that it does not stretch two values over the whole width. */
const FIRST_RATES = 16

/** The one live stream of a tab. */
export interface Live {
  readonly get: () => LiveState
  readonly subscribe: (listener: () => void) => () => void
  /** Hears a device's messages and rejections one by one; reopens the stream for it. */
  readonly tail: (device: string, listener: (events: readonly TailEvent[]) => void) => () => void
  readonly pause: () => void
  readonly resume: () => void
  readonly close: () => void
}

/** Opens the stream; what it tells is merged into the cache at most four times a second. */
export function createLive(client: QueryClient): Live {
  const rates = Array.from({ length: FIRST_RATES }, () => null)
  let state: LiveState = { status: 'connecting', since: Date.now(), perSecond: 0, rates }
  let pending: LiveEvent[] = []
  let paint: ReturnType<typeof setTimeout> | undefined
  let disconnect: (() => void) | undefined
  const listeners = new Set<() => void>()
  const tails = new Map<string, Set<(events: readonly TailEvent[]) => void>>()
  const refetch = createRefetcher(client)

  const set = (next: Partial<LiveState>) => {
    state = { ...state, ...next }
    for (const listener of listeners) listener()
  }
  const flush = () => {
    paint = undefined
    const events = pending
    pending = []
    refetch.later(mergeEvents(client, events))
    tellTails(tails, events)
    const rate = events.findLast((event) => event.type === 'rate')
    if (!rate) return
    const { perSecond } = rate.data
    set({ perSecond, rates: [...state.rates, perSecond].slice(-RATES) })
  }
  const connect = () => {
    disconnect?.()
    disconnect = openConnection([...tails.keys()].at(-1), {
      onOpen: () => {
        // What was missed while the line was down is fetched; the first time nothing was.
        if (state.status === 'reconnecting' || state.status === 'paused') refetch.all()
        set({ status: 'live', since: Date.now() })
      },
      onEvent: (event) => {
        pending.push(event)
        paint ??= setTimeout(flush, PAINT_MS)
      },
      onBreak: (since) => {
        if (state.status === 'reconnecting') return
        set({ status: 'reconnecting', since, rates: [...state.rates, null].slice(-RATES) })
      },
    })
  }
  connect()

  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    tail(device, listener) {
      const before = [...tails.keys()].at(-1)
      const heard = tails.get(device) ?? new Set()
      tails.set(device, heard.add(listener))
      if (before !== device && state.status !== 'paused') connect()
      return () => {
        heard.delete(listener)
        if (heard.size === 0) tails.delete(device)
      }
    },
    pause() {
      disconnect?.()
      disconnect = undefined
      set({ status: 'paused', since: Date.now(), rates: [...state.rates, null].slice(-RATES) })
    },
    resume: connect,
    close() {
      disconnect?.()
      clearTimeout(paint)
      refetch.stop()
    },
  }
}

function tellTails(
  tails: ReadonlyMap<string, ReadonlySet<(events: readonly TailEvent[]) => void>>,
  events: readonly LiveEvent[],
) {
  const wanted = events.filter(
    (event) => event.type === 'message' || event.type === 'rejection' || event.type === 'gap',
  )
  if (wanted.length === 0) return
  for (const [device, heard] of tails) {
    const own = wanted.filter((event) => event.type === 'gap' || event.data.device === device)
    if (own.length > 0) for (const listener of heard) listener(own)
  }
}

/** Fetches outdated lists again, each at most every 2 s however often it is named. */
function createRefetcher(client: QueryClient) {
  let names = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = () => {
    const due = names
    names = new Set()
    timer = undefined
    void client.invalidateQueries({ predicate: (query) => due.has(String(query.queryKey[0])) })
  }
  return {
    later(outdated: ReadonlySet<string>) {
      if (outdated.size === 0) return
      for (const name of outdated) names.add(name)
      timer ??= setTimeout(run, REFETCH_MS)
    },
    all: () => void client.invalidateQueries(),
    stop: () => clearTimeout(timer),
  }
}
