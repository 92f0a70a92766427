import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Ledger, openLedger } from './load/ledger.ts'

export interface ReceiverOptions {
  readonly host?: string
  /** 0 (default) takes a free one. */
  readonly port?: number
  /** Standard Webhooks secret, `whsec_…`; without one signatures are not checked. */
  readonly secret?: string
  /** File to which each new webhook id is appended and flushed before the answer. */
  readonly ledger?: string
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** A webhook as it came first. */
export interface Arrival {
  readonly id: string
  /** Epoch milliseconds of the first arrival. */
  readonly at: number
  /** How often it came. */
  count: number
  readonly body: unknown
}

export interface Receiver {
  readonly url: string
  readonly port: number
  /** Distinct webhooks that were taken, by id, in the order of first arrival. */
  readonly arrivals: ReadonlyMap<string, Arrival>
  readonly summary: () => ReceiverSummary
  /** Checks signatures with this secret from now on. */
  readonly useSecret: (secret: string | undefined) => void
  /** Answers the next `times` requests with `status` and takes nothing. */
  readonly failNext: (times: number, status?: number) => void
  readonly stop: () => Promise<void>
}

export interface ReceiverSummary {
  /** Requests, whatever became of them. */
  readonly requests: number
  readonly distinct: number
  readonly repeated: number
  readonly badSignatures: number
  readonly failed: number
}

const BODY_BYTES = 1 << 20
const TOLERANCE_S = 300

/**
 * A plain receiver of webhooks, as a customer would run it.
 *
 * - `POST /control` with `{failNext?, status?, secret?}` tells it how to behave.
 * - any other POST is a webhook: 204, or 400 when its signature or id does not hold.
 * - `GET /` answers its summary and the last 100 arrivals; `GET /?all` every one.
 */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const host = options.host ?? '127.0.0.1'
  const inbox = new Inbox(options)
  await inbox.open()
  const server = createServer((request, response) => {
    inbox.answer(request, response).catch((cause: unknown) => {
      response.writeHead(500).end(String(cause))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host}:${port}/`,
    port,
    arrivals: inbox.arrivals,
    summary: () => inbox.summary(),
    useSecret: (secret) => inbox.useSecret(secret),
    failNext: (times, status) => inbox.failNext(times, status),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      await inbox.close()
    },
  }
}

class Inbox {
  readonly arrivals = new Map<string, Arrival>()
  readonly #options: ReceiverOptions
  readonly #now: () => number
  #secret: string | undefined
  #ledger: Ledger<() => void> | undefined
  #failures = { left: 0, status: 500 }
  #counts = { requests: 0, repeated: 0, badSignatures: 0, failed: 0 }

  constructor(options: ReceiverOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#secret = options.secret
  }

  async open(): Promise<void> {
    if (!this.#options.ledger) return
    this.#ledger = await openLedger<() => void>({
      path: this.#options.ledger,
      onDurable: (answers) => {
        for (const answer of answers) answer()
      },
      onError: (cause) => {
        throw cause
      },
    })
  }

  async close(): Promise<void> {
    await this.#ledger?.close()
  }

  summary(): ReceiverSummary {
    return { ...this.#counts, distinct: this.arrivals.size }
  }

  useSecret(secret: string | undefined): void {
    this.#secret = secret
  }

  failNext(times: number, status = 500): void {
    this.#failures = { left: times, status }
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = this.#now()
    if (request.method === 'GET') return this.#show(request, response)
    const body = await readBody(request)
    if (body === undefined) return void response.writeHead(413).end()
    if (request.url === '/control') return this.#control(body, response)
    const status = await this.#take(request, body, at)
    response.writeHead(status).end()
  }

  async #take(request: IncomingMessage, body: string, at: number): Promise<number> {
    this.#counts.requests++
    if (this.#failures.left > 0) {
      this.#failures.left--
      this.#counts.failed++
      return this.#failures.status
    }
    const id = header(request, 'webhook-id')
    if (id === '' || !this.#genuine(request, id, body)) {
      this.#counts.badSignatures++
      return 400
    }
    const known = this.arrivals.get(id)
    if (known) {
      known.count++
      this.#counts.repeated++
      return 204
    }
    this.arrivals.set(id, { id, at, count: 1, body: parsed(body) })
    const ledger = this.#ledger
    if (ledger) await new Promise<void>((resolve) => ledger.append(id, resolve))
    return 204
  }

  #genuine(request: IncomingMessage, id: string, body: string): boolean {
    if (this.#secret === undefined) return true
    const timestamp = header(request, 'webhook-timestamp')
    const ageS = Math.abs(this.#now() / 1000 - Number(timestamp))
    if (!(ageS <= TOLERANCE_S)) return false
    const key = Buffer.from(this.#secret.replace(/^whsec_/, ''), 'base64')
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
    // Several signatures stand side by side while a secret is rotated.
    return header(request, 'webhook-signature')
      .split(' ')
      .filter((signature) => signature.startsWith('v1,'))
      .map((signature) => Buffer.from(signature.slice(3), 'base64'))
      .some((given) => given.length === expected.length && timingSafeEqual(given, expected))
  }

  #control(body: string, response: ServerResponse): void {
    const wish = (parsed(body) ?? {}) as { failNext?: number; status?: number; secret?: string }
    if (wish.failNext !== undefined) this.failNext(wish.failNext, wish.status)
    if (wish.secret !== undefined) this.useSecret(wish.secret)
    response.writeHead(204).end()
  }

  #show(request: IncomingMessage, response: ServerResponse): void {
    const all = [...this.arrivals.values()]
    const arrivals = request.url?.includes('?all') ? all : all.slice(-100)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...this.summary(), arrivals }))
  }
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
