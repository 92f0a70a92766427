import { type LiveEvent, liveEvent } from '@pulse/contract'
import { api } from '../session/api.ts'
import { ApiProblem } from '../session/problem.ts'
import { createEventParser } from './sse.ts'

/** What happens to a connection, told to its owner. */
export interface ConnectionHooks {
  readonly onOpen: () => void
  readonly onEvent: (event: LiveEvent) => void
  /** It broke and is tried again; `since` is when it was last heard of. */
  readonly onBreak: (since: number) => void
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
/** The server beats at least every 15 s; twice that in silence is a dead line. */
const SILENCE_MS = 35_000

/**
 * Holds one live stream open until it is closed: read by fetch, since it carries a bearer; tried
 * again with doubling waits and jitter. It gives up only when the session has ended.
 */
export function openConnection(device: string | undefined, hooks: ConnectionHooks) {
  const stop = new AbortController()
  let failures = 0
  let heardAt = Date.now()

  const readOnce = async () => {
    const line = new AbortController()
    const signal = AbortSignal.any([stop.signal, line.signal])
    const watch = setInterval(() => {
      if (Date.now() - heardAt > SILENCE_MS) line.abort()
    }, 5000)
    try {
      const response = await api.stream('/v1/live', { device }, signal)
      heardAt = Date.now()
      failures = 0
      hooks.onOpen()
      await readAll(response, hooks.onEvent, () => {
        heardAt = Date.now()
      })
    } finally {
      clearInterval(watch)
    }
  }

  const run = async () => {
    while (!stop.signal.aborted) {
      const error = await readOnce().catch((cause: unknown) => cause)
      if (stop.signal.aborted) return
      if (error instanceof ApiProblem && ended(error)) return
      hooks.onBreak(heardAt)
      await pause(waitMs(failures++), stop.signal)
    }
  }
  void run()
  return () => stop.abort()
}

const ended = ({ status, code }: ApiProblem) => status === 401 || code === 'portal.signed-out'

/** Doubling from half a second to 15 s, of which a random half is waited at least. */
function waitMs(failures: number): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures)
  return longest * (0.5 + Math.random() / 2)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

async function readAll(
  response: Response,
  onEvent: (event: LiveEvent) => void,
  onBytes: () => void,
) {
  const parse = createEventParser()
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  if (!reader) return
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    onBytes()
    for (const raw of parse(decoder.decode(value, { stream: true }))) {
      const event = liveEvent.safeParse({ type: raw.type, data: JSON.parse(raw.data) })
      // An event of a newer server is not for this portal.
      if (event.success) onEvent(event.data)
    }
  }
}
