import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { FastifyRequest } from '#platform'

const COOKIE = 'pulse_form'
const FIELD = 'form'

/** Keeps other pages from posting the forms under `/auth`. */
export interface Forms {
  /** The hidden fields of a form on this page; sets the browser's cookie when it has none. */
  hidden(request: FastifyRequest, reply: FastifyReply): Record<string, string>
  /** True when the form came from a page that this server gave to this very browser. */
  genuine(request: FastifyRequest): boolean
}

export interface FormsDeps {
  /** The origin that browsers use. */
  readonly origin: string
  /** Secret of the cookies. */
  readonly key: string
}

/**
 * A form carries a code made from a cookie, the address of the page and a secret of the server, so
 * it is worth nothing in another browser or on another page. What the browser says of the page
 * that posts is checked beside that.
 */
export function createForms({ origin, key }: FormsDeps): Forms {
  const code = (cookie: string, path: string) =>
    createHmac('sha256', key).update(`form ${cookie} ${path}`).digest('base64url')
  return {
    hidden(request, reply) {
      let cookie = cookieOf(request)
      if (cookie === undefined) {
        cookie = randomBytes(24).toString('base64url')
        const secure = origin.startsWith('https:') ? '; Secure' : ''
        reply.header(
          'set-cookie',
          `${COOKIE}=${cookie}; Path=/auth; HttpOnly; SameSite=Lax${secure}`,
        )
      }
      return { [FIELD]: code(cookie, pathOf(request)) }
    },
    genuine(request) {
      const site = request.headers['sec-fetch-site']
      if (site !== undefined && site !== 'same-origin') return false
      const { origin: from } = request.headers
      if (from !== undefined && from !== origin) return false
      const cookie = cookieOf(request)
      return cookie !== undefined && equal(fieldOf(request, FIELD), code(cookie, pathOf(request)))
    },
  }
}

/** A field of a posted form; empty when it is missing or given twice. */
export function fieldOf(request: FastifyRequest, name: string): string {
  const { body } = request
  if (!(body instanceof URLSearchParams)) return ''
  const values = body.getAll(name)
  return values.length === 1 ? (values[0] as string) : ''
}

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] as string

function cookieOf(request: FastifyRequest): string | undefined {
  const pair = (request.headers.cookie ?? '')
    .split(';')
    .map((each) => each.trim())
    .find((each) => each.startsWith(`${COOKIE}=`))
  const value = pair?.slice(COOKIE.length + 1)
  return value !== undefined && /^[\w-]{32}$/.test(value) ? value : undefined
}

function equal(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}
