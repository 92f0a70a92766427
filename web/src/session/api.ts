import type { z } from 'zod'
import { local, readProblem } from './problem.ts'
import { dropToken, readTenant, readToken } from './token.ts'

/** Query parameters; what is undefined or empty is left out. */
export type Params = Readonly<Record<string, string | number | undefined>>

interface GetOptions {
  readonly params?: Params
  readonly signal?: AbortSignal
}

/** The API of the same origin. Answers are parsed by the contract; refusals throw an ApiProblem. */
export const api = {
  async get<T extends z.ZodType>(path: string, schema: T, options: GetOptions = {}) {
    const { params = {}, signal } = options
    const response = await request(address(path, params), signal ? { signal } : {})
    return parse(schema, response)
  },

  post: <T extends z.ZodType>(path: string, schema: T, body: unknown = {}) =>
    write('POST', path, schema, body),
  put: <T extends z.ZodType>(path: string, schema: T, body: unknown) =>
    write('PUT', path, schema, body),
  patch: <T extends z.ZodType>(path: string, schema: T, body: unknown) =>
    write('PATCH', path, schema, body),

  /** An answer that becomes a file. */
  async blob(path: string, params: Params = {}): Promise<Blob> {
    const response = await request(address(path, params), {})
    return response.blob()
  },

  async delete(path: string): Promise<void> {
    await request(path, { method: 'DELETE' })
  },

  /** An answer that is read as it comes: the live stream. */
  stream: (path: string, params: Params, signal: AbortSignal) =>
    request(address(path, params), { signal, headers: { accept: 'text/event-stream' } }),
}

async function write<T extends z.ZodType>(method: string, path: string, schema: T, body: unknown) {
  const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }
  const response = await request(path, { method, headers, body: JSON.stringify(body) })
  return parse(schema, response)
}

export function address(path: string, params: Params): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

async function request(url: string, init: RequestInit): Promise<Response> {
  const token = readToken()
  const tenant = readTenant()
  const signsIn = url === '/v1/session' && init.method === 'POST'
  if (!token && !signsIn) throw notSignedIn()
  const headers = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(tenant ? { 'pulse-tenant': tenant } : {}),
    ...(init.headers as Record<string, string> | undefined),
  }
  const response = await fetch(url, { ...init, headers }).catch((cause: unknown) => {
    if (init.signal?.aborted) throw cause
    throw local('portal.unreachable', 'Pulse cannot be reached.', {
      remedy: 'Check that the server runs and that this machine has a network.',
      cause,
    })
  })
  if (response.ok) return response
  // A refused sign-in is an answer to read; any other 401 means that the session has ended.
  if (response.status === 401 && token) dropToken()
  throw await readProblem(response)
}

/** What still asks after the session has ended is not worth a request. */
const notSignedIn = () =>
  local('portal.signed-out', 'You are not signed in.', { remedy: 'Sign in again.' })

async function parse<T extends z.ZodType>(schema: T, response: Response): Promise<z.output<T>> {
  const body: unknown = await response.json()
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const first = parsed.error.issues[0]
  throw local('portal.unexpected-answer', 'The server’s answer has another shape than expected.', {
    detail: first ? `${first.path.join('.')}: ${first.message}` : '',
    remedy: 'Reload the page: the portal may be older than the server.',
  })
}
