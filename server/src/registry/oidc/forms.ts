import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { FastifyRequest } from '#platform'

const COOKIE = 'pulse_form'
const FIELD = 'form'

/** Keeps other pages from posting the forms under `/auth`. */
export interface Forms {
  /** The hidden fields of a form on this page; sets the browser's cookie when it has none. */
  hidden(request: FastifyRequest, reply: FastifyReply): Record<string, string>
  /** False when the browser says that a page of another origin sent it. */
  fromHere(request: FastifyRequest): boolean
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
  const fromHere = ({ headers }: FastifyRequest): boolean => {
    const site = headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin') return false
    return headers.origin === undefined || headers.origin === origin
  }
  return {
    hidden(request, reply) {
      let cookie = cookieOf(request)
      if (cookie === undefined) {
        cookie = randomBytes(24).toString('base64url')
        reply.header(
          'set-cookie',
          cookieLine(origin, { name: COOKIE, value: cookie, path: '/auth' }),
        )
      }
      return { [FIELD]: code(cookie, pathOf(request)) }
    },
    fromHere,
    genuine(request) {
      if (!fromHere(request)) return false
      const cookie = cookieOf(request)
      return cookie !== undefined && equal(fieldOf(request, FIELD), code(cookie, pathOf(request)))
    },
  }
}

/** What the page says when a form is not genuine. */
export const EXPIRED_FORM = { status: 403, fault: 'The form had expired. Try again.' }

/** A field of a posted form; empty when it is missing or given twice. */
export function fieldOf(request: FastifyRequest, name: string): string {
  const { body } = request
  if (!(body instanceof URLSearchParams)) return ''
  const values = body.getAll(name)
  return values.length === 1 ? (values[0] as string) : ''
}

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] as string

const cookieOf = (request: FastifyRequest): string | undefined =>
  readCookie(request, COOKIE, /^[\w-]{32}$/)

/** A cookie of a request, if it looks as it must. */
export function readCookie(
  request: FastifyRequest,
  name: string,
  shape: RegExp,
): string | undefined {
  const pair = (request.headers.cookie ?? '')
    .split(';')
    .map((each) => each.trim())
    .find((each) => each.startsWith(`${name}=`))
  const value = pair?.slice(name.length + 1)
  return value !== undefined && shape.test(value) ? value : undefined
}

/** A cookie that no script reads and no other site sends. */
export function cookieLine(
  origin: string,
  cookie: { name: string; value: string; path: string; maxAgeS?: number },
): string {
  const { name, value, path, maxAgeS } = cookie
  const age = maxAgeS === undefined ? '' : `; Max-Age=${maxAgeS}`
  const secure = origin.startsWith('https:') ? '; Secure' : ''
  return `${name}=${value}; Path=${path}${age}; HttpOnly; SameSite=Lax${secure}`
}

function equal(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}
