import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { type FastifyRequest, PulseError, type Shell } from '#platform'
import type { Throttle, ThrottleLimits } from '../throttle.ts'
import type { Served } from './embedded.ts'
import { pageHeaders, STYLE_PATH, SUBMIT_PATH } from './page.ts'
import { MOUNT } from './provider.ts'
import { SUBMIT_SCRIPT } from './provider-pages.ts'
import { STYLE } from './style.ts'

const open = { config: { open: 'nobody' }, schema: { hide: true } } as const
const BEGINS = /^\/auth\/auth(\?|$)/i
const ASSET_CACHE = 'public, max-age=3600'

/** How many sign-ins one address may begin: each leaves a row for an hour, whoever sent it. */
export const beginningLimits: ThrottleLimits = { attempts: 300, windowMs: 60_000 }

export interface MountDeps {
  readonly served: () => Promise<Served>
  /** Counts sign-ins that begin, by address. */
  readonly beginnings: Throttle
}

/**
 * Hands what is under `/auth` to the provider library, as it came: it reads bodies itself. Call it
 * in a context of its own.
 */
export function mountProvider(app: Shell, { served, beginnings }: MountDeps): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  const handle = async (request: FastifyRequest, reply: FastifyReply) => {
    if (BEGINS.test(request.url)) {
      const retryAfterS = beginnings.attempt(request.ip)
      if (retryAfterS > 0) throw new PulseError('platform.limited', { retryAfterS })
    }
    const { handle, origin } = await served()
    reply.hijack()
    for (const [name, value] of Object.entries(pageHeaders)) reply.raw.setHeader(name, value)
    reply.raw.setHeader('request-id', request.id)
    await handle(behindMount(request, origin), reply.raw)
  }
  app.get(`${MOUNT}/*`, open, handle)
  app.post(`${MOUNT}/*`, open, handle)
}

/**
 * The request as the library must see it. Scheme and host are the configured ones: what a client
 * writes into `Host` or `X-Forwarded-…` must not end up in a link.
 */
function behindMount(request: FastifyRequest, origin: string): IncomingMessage {
  const { protocol, host } = new URL(origin)
  const raw: IncomingMessage & { originalUrl?: string | undefined } = request.raw
  raw.originalUrl = raw.url
  raw.url = (raw.url ?? '').slice(MOUNT.length)
  delete raw.headers['x-forwarded-host']
  Object.assign(raw.headers, {
    host,
    'x-forwarded-proto': protocol.slice(0, -1),
    'x-forwarded-for': request.ip,
    'x-request-id': request.id,
  })
  return raw
}

/** Style and script of the pages, which may hold none inline. */
export function pageAssets(app: Shell): void {
  app.get(STYLE_PATH, open, (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', ASSET_CACHE).send(STYLE),
  )
  app.get(SUBMIT_PATH, open, (_request, reply) =>
    reply
      .type('text/javascript; charset=utf-8')
      .header('cache-control', ASSET_CACHE)
      .send(SUBMIT_SCRIPT),
  )
}
