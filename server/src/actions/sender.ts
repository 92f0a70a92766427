import http from 'node:http'
import https from 'node:https'
import type { Clock } from '#platform'
import { isPlainlyPrivate, literalAddress } from './addresses.ts'
import { checkedLookup, PrivateAddressError, type Resolve, systemResolve } from './lookup.ts'
import { type Reply, readReply } from './reply.ts'

/** From the first look at DNS to the last byte of the answer, redirects included. */
const TIMEOUT_MS = 15_000
const MAX_REDIRECTS = 3

export interface Outgoing {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Addresses that are not public are let pass, at the origin of `url` only. */
  readonly privateAllowed: boolean
}

/** What became of one attempt. It succeeded when there is no `error`. */
export interface Answer {
  readonly status: number | undefined
  /** One plain sentence. */
  readonly error: string | undefined
  /** Beginning of the body of the answer, at most 2 KiB. */
  readonly response: string | undefined
  readonly retryAfter: string | undefined
}

/** Sends webhooks. Never throws: a failure is an answer. */
export interface Sender {
  send(outgoing: Outgoing): Promise<Answer>
  /** Drops every connection. */
  close(): void
}

export interface SenderDeps {
  readonly clock: Clock
  readonly resolve?: Resolve | undefined
  readonly timeoutMs?: number | undefined
}

/** A sender with kept connections, of one kind for public and of another for allowed addresses. */
export function createSender(deps: SenderDeps): Sender {
  const ways = { open: createWay(deps, true), checked: createWay(deps, false) }
  const timeoutMs = deps.timeoutMs ?? TIMEOUT_MS
  return {
    async send(outgoing) {
      const deadline = new AbortController()
      const cancel = deps.clock.after(timeoutMs, () => deadline.abort())
      try {
        return await follow(ways, outgoing, deadline.signal)
      } catch (error) {
        const late = deadline.signal.aborted
        const text = late ? `No answer within ${timeoutMs / 1000} s.` : wordsOf(error)
        return { status: undefined, error: text, response: undefined, retryAfter: undefined }
      } finally {
        cancel()
      }
    },
    close() {
      ways.open.close()
      ways.checked.close()
    },
  }
}

/**
 * Connections that were made under one policy. They are not shared with the other: a kept
 * connection is not looked up again.
 */
interface Way {
  post(url: URL, outgoing: Outgoing, signal: AbortSignal): Promise<Reply>
  close(): void
}

function createWay(deps: SenderDeps, privateAllowed: boolean): Way {
  const lookup = checkedLookup(deps.resolve ?? systemResolve, privateAllowed)
  const options = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 64 }
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) }

  const once = (url: URL, { headers, body }: Outgoing, signal: AbortSignal): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const secure = url.protocol === 'https:'
      const request = (secure ? https : http).request(url, {
        method: 'POST',
        agent: agents[secure ? 'https:' : 'http:'],
        lookup,
        signal,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'Pulse-Webhooks/1',
          ...headers,
        },
      })
      request.on('response', (incoming) => resolve(readReply(incoming)))
      request.on('error', (cause) =>
        reject(request.reusedSocket ? new StaleSocketError(cause) : cause),
      )
      request.end(body)
    })

  return {
    async post(url, outgoing, signal) {
      if (!privateAllowed && isPlainlyPrivate(url)) {
        throw new PrivateAddressError(url.hostname, literalAddress(url) ?? 'loopback')
      }
      try {
        return await once(url, outgoing, signal)
      } catch (error) {
        // The receiver closed the kept connection as it was taken up: that is no failed attempt.
        if (!(error instanceof StaleSocketError) || signal.aborted) throw error
        return await once(url, outgoing, signal)
      }
    },
    close() {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}

class StaleSocketError extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause })
    this.name = 'StaleSocketError'
  }
}

/** Posts, and follows what keeps the method; each hop is checked like the first. */
async function follow(
  ways: { readonly open: Way; readonly checked: Way },
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<Answer> {
  let url = new URL(outgoing.url)
  let allowed = outgoing.privateAllowed
  for (let hop = 0; ; hop++) {
    const reply = await (allowed ? ways.open : ways.checked).post(url, outgoing, signal)
    const next =
      reply.status === 307 || reply.status === 308 ? redirectOf(url, reply.location) : undefined
    if (!next) return answerOf(reply)
    if (hop === MAX_REDIRECTS) throw new Error(`More than ${MAX_REDIRECTS} redirects.`)
    // The operator allowed the address of the destination, not where it may point.
    allowed &&= next.origin === url.origin
    url = next
  }
}

function redirectOf(from: URL, location: string | undefined): URL | undefined {
  if (location === undefined || !URL.canParse(location, from.href)) return undefined
  const to = new URL(location, from)
  if (to.protocol !== 'https:' && to.protocol !== from.protocol) {
    throw new Error(`Redirected from ${from.protocol} to ${to.protocol}, which is not followed.`)
  }
  return to
}

function answerOf({ status, text, retryAfter, location }: Reply): Answer {
  const redirected = status >= 300 && status < 400 && location !== undefined
  const why = redirected
    ? `Answered ${status}, a redirect that does not keep a POST.`
    : `Answered ${status}.`
  return {
    status,
    error: status >= 200 && status < 300 ? undefined : why,
    response: text,
    retryAfter,
  }
}

/** `connect ECONNREFUSED …`: of several addresses that failed, the first tells. */
function wordsOf(error: unknown): string {
  const [first] = error instanceof AggregateError ? error.errors : []
  const { message, code } = (first ?? error) as { message?: string; code?: string }
  return message || code || 'The connection failed.'
}
