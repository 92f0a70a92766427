import type { z } from 'zod'
import { bearer, renew } from './bearer.ts'
import { dropSession } from './kept-session.ts'
import { local, readProblem } from './problem.ts'
import { currentTenant } from './tenant.ts'

/** Query parameters; what is undefined or empty is left out. */
export type Params = Readonly<Record<string, string | number | undefined>>

interface GetOptions {
  readonly params?: Params
  readonly signal?: AbortSignal
}

/**
 * The API of the same origin. Answers are parsed by the contract (without a body: null); refusals
 * throw an ApiProblem.
 */
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

/** What is open to everybody, asked without a bearer. */
export const openApi = {
  async get<T extends z.ZodType>(path: string, schema: T) {
    return parse(schema, await accepted(await ask(path, {})))
  },
  async post<T extends z.ZodType>(path: string, schema: T, body: unknown) {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    return parse(schema, await accepted(await ask(path, init)))
  },
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

/** With the token of this tab; a token that was refused on the way is replaced once. */
async function request(url: string, init: RequestInit): Promise<Response> {
  const token = await bearer()
  const first = await ask(url, init, token)
  if (first.status !== 401) return accepted(first)
  const again = await ask(url, init, await renew(token))
  if (again.status !== 401) return accepted(again)
  const problem = await readProblem(again)
  dropSession({ kind: 'refused', words: `${problem.title} ${problem.remedy}` })
  throw problem
}

async function ask(url: string, init: RequestInit, token?: string): Promise<Response> {
  const tenant = currentTenant()
  const headers = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(token && tenant ? { 'pulse-tenant': tenant } : {}),
    ...(init.headers as Record<string, string> | undefined),
  }
  return fetch(url, { ...init, headers }).catch((cause: unknown) => {
    if (init.signal?.aborted) throw cause
    throw local('portal.unreachable', 'Pulse cannot be reached.', {
      remedy: 'Check that the server runs and that this machine has a network.',
      cause,
    })
  })
}

async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response
  throw await readProblem(response)
}

async function parse<T extends z.ZodType>(schema: T, response: Response): Promise<z.output<T>> {
  const body: unknown = response.status === 204 ? null : await response.json()
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const first = parsed.error.issues[0]
  throw local('portal.unexpected-answer', 'The server’s answer has another shape than expected.', {
    detail: first ? `${first.path.join('.')}: ${first.message}` : '',
    remedy: 'Reload the page: the portal may be older than the server.',
  })
}
