import type { LiveEvent } from '@pulse/contract'
import type { QueryClient } from '@tanstack/react-query'
import { type ConnectionHooks, openConnection } from './connection.ts'
import { mergeEvents } from './merge.ts'
import { createRefetcher } from './refetcher.ts'
import { createTails, type TailEvent } from './tails.ts'

/** What the shell shows of the stream. */
export interface LiveState {
  readonly status: 'connecting' | 'live' | 'reconnecting' | 'paused'
  /** Since when it is as `status` says, epoch milliseconds. */
  readonly since: number
  readonly perSecond: number
  /** Last minute of `perSecond`, oldest first; null where it was not heard. */
  readonly rates: readonly (number | null)[]
}

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

const PAINT_MS = 250
const RATES = 60
/** Room of the first curve, so that it does not stretch two values over the whole width. */
const FIRST_RATES = 16
/** How long the stream still carries a device that nobody listens to: one may move to the next. */
const LINGER_MS = 1000

/** Opens the stream; what it tells is merged into the cache at most four times a second. */
export function createLive(client: QueryClient): Live {
  const store = createStore()
  const tails = createTails()
  const refetch = createRefetcher(client)
  const painter = createPainter((events) => {
    refetch.later(mergeEvents(client, events))
    tails.tell(events)
    const rate = events.findLast((event) => event.type === 'rate')
    if (rate) store.rate(rate.data.perSecond)
  })
  const line = createLine(tails.wanted, {
    onOpen: () => {
      // What was missed while the line was down is fetched; the first time nothing was.
      if (/reconnecting|paused/.test(store.get().status)) refetch.all()
      store.set({ status: 'live', since: Date.now() })
    },
    onEvent: painter.add,
    onBreak: (since) => {
      if (store.get().status !== 'reconnecting') store.silence('reconnecting', since)
    },
  })
  line.connect()

  return {
    get: store.get,
    subscribe: store.subscribe,
    tail(key, listener) {
      tails.add(key, listener)
      line.reopen()
      return () => {
        tails.remove(key, listener)
        setTimeout(line.reopen, LINGER_MS)
      }
    },
    pause() {
      line.hangUp()
      store.silence('paused', Date.now())
    },
    resume: line.connect,
    close() {
      line.hangUp()
      painter.stop()
      refetch.stop()
    },
  }
}

/** The one open connection, or none; reopened when another device is wanted. */
function createLine(wanted: () => string | undefined, hooks: ConnectionHooks) {
  let disconnect: (() => void) | undefined
  let device: string | undefined
  const connect = () => {
    disconnect?.()
    device = wanted()
    disconnect = openConnection(device, hooks)
  }
  return {
    connect,
    reopen() {
      if (disconnect && wanted() !== device) connect()
    },
    hangUp() {
      disconnect?.()
      disconnect = undefined
    },
  }
}

function createStore() {
  const rates = Array.from({ length: FIRST_RATES }, () => null)
  let state: LiveState = { status: 'connecting', since: Date.now(), perSecond: 0, rates }
  const listeners = new Set<() => void>()
  const set = (next: Partial<LiveState>) => {
    state = { ...state, ...next }
    for (const listener of listeners) listener()
  }
  const push = (rate: number | null) => [...state.rates, rate].slice(-RATES)
  return {
    get: () => state,
    set,
    rate: (perSecond: number) => set({ perSecond, rates: push(perSecond) }),
    silence: (status: LiveState['status'], since: number) =>
      set({ status, since, rates: push(null) }),
    subscribe(listener: () => void) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

/** Gathers events and hands them on at most four times a second. */
function createPainter(paint: (events: readonly LiveEvent[]) => void) {
  let pending: LiveEvent[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = () => {
    const events = pending
    pending = []
    timer = undefined
    paint(events)
  }
  return {
    add(event: LiveEvent) {
      pending.push(event)
      timer ??= setTimeout(run, PAINT_MS)
    },
    stop: () => clearTimeout(timer),
  }
}
