import type { Rejection, StoredMessage } from '@pulse/contract'
import { useQueryClient } from '@tanstack/react-query'
import {
  createContext,
  type ReactNode,
  use,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { createLive, type Live, type LiveState } from './live.ts'
import type { TailEvent } from './tails.ts'

const LiveContext = createContext<Live | undefined>(undefined)

interface LiveProviderProps {
  /** False where there is no tenant to hear of. */
  readonly on: boolean
  readonly children: ReactNode
}

/** Holds the tab's one live stream while one is signed in. */
export function LiveProvider({ on, children }: LiveProviderProps) {
  const client = useQueryClient()
  const [live, setLive] = useState<Live>()
  useEffect(() => {
    if (!on) return undefined
    const opened = createLive(client)
    setLive(opened)
    return () => opened.close()
  }, [client, on])
  return <LiveContext value={live}>{children}</LiveContext>
}

const closed: LiveState = { status: 'connecting', since: Date.now(), perSecond: 0, rates: [] }
const nothing = () => () => undefined

/** State of the stream, and how to pause it. */
export function useLive() {
  const live = use(LiveContext)
  const state = useSyncExternalStore(live?.subscribe ?? nothing, () => live?.get() ?? closed)
  const toggle = () => (state.status === 'paused' ? live?.resume() : live?.pause())
  return { ...state, toggle }
}

/** The newest messages and rejections of a device, newest first. */
export interface DeviceTail {
  readonly messages: readonly StoredMessage[]
  readonly rejections: readonly Rejection[]
  readonly paused: boolean
  /** How many came while it was paused; they appear when it goes on. */
  readonly held: number
  /** How many the server left out because this page read too slowly. */
  readonly dropped: number
  readonly setPaused: (paused: boolean) => void
}

const KEPT = 200
const empty = { messages: [], rejections: [], dropped: 0 } satisfies Partial<DeviceTail>

type Kept = Pick<DeviceTail, 'messages' | 'rejections' | 'dropped'>

function add(old: Kept, events: readonly TailEvent[]): Kept {
  const messages = events.filter((event) => event.type === 'message').map((event) => event.data)
  const rejections = events.filter((event) => event.type === 'rejection').map((each) => each.data)
  const gaps = events.filter((event) => event.type === 'gap')
  return {
    messages: [...messages.toReversed(), ...old.messages].slice(0, KEPT),
    rejections: [...rejections.toReversed(), ...old.rejections].slice(0, KEPT),
    dropped: gaps.reduce((sum, gap) => sum + gap.data.dropped, old.dropped),
  }
}

/**
 * A device's live tail: its messages and rejections from now on, at most 200 of each, painted at
 * most four times a second. Without a key it is empty and asks for nothing.
 */
export function useDeviceTail(key: string | undefined): DeviceTail {
  const live = use(LiveContext)
  const [kept, setKept] = useState<Kept>(empty)
  const [paused, setPausedState] = useState(false)
  const [held, setHeld] = useState<readonly TailEvent[]>([])
  const isPaused = useRef(false)

  useEffect(() => {
    setKept(empty)
    setHeld([])
    if (!live || key === undefined) return undefined
    return live.tail(key, (events) => {
      if (isPaused.current) setHeld((old) => [...old, ...events].slice(-KEPT))
      else setKept((old) => add(old, events))
    })
  }, [live, key])

  const setPaused = (next: boolean) => {
    isPaused.current = next
    setPausedState(next)
    if (next) return
    setKept((old) => add(old, held))
    setHeld([])
  }
  return { ...kept, paused, held: held.length, setPaused }
}
