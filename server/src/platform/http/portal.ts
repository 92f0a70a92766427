import { existsSync } from 'node:fs'
import compress from '@fastify/compress'
import fastifyStatic from '@fastify/static'
import { PulseError } from '../errors.ts'
import { answerError } from './problem.ts'
import type { Shell } from './shell.ts'

const contentPolicy = (connectsTo: readonly string[]): string =>
  [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    ["connect-src 'self'", ...connectsTo].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ')

/**
 * Headers of every answer: the portal runs its own scripts only, in nobody's frame, and speaks to
 * nobody but Pulse and the origins of `connectsTo`.
 */
export function secureHeaders(app: Shell, connectsTo: () => readonly string[] = () => []): void {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', contentPolicy(connectsTo()))
    reply.header('x-content-type-options', 'nosniff')
    // Not `no-referrer`: the form of an invitation must tell the sign-in pages where it comes from.
    reply.header('referrer-policy', 'same-origin')
    reply.header('cross-origin-opener-policy', 'same-origin')
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
}

/**
 * Serves the built portal from `folder`. Assets carry a hash in their name and are kept for a
 * year; the page itself is asked for each time. Unknown paths of a browser get the page, since
 * the portal has routes of its own.
 */
export async function servePortal(app: Shell, folder: string): Promise<void> {
  await app.register(compress, {
    encodings: ['br', 'gzip'],
    threshold: 1024,
    globalDecompression: false,
  })
  const built = existsSync(folder)
  // The page itself may be missing for a moment, while a new build takes its place.
  const given = new WeakSet<object>()
  // Nothing is returned: each promise that resolves to a reply hangs listeners on its response, and
  // with those of the compression Node warns of a leak.
  app.setNotFoundHandler((request, reply) => {
    const page = request.method === 'GET' && String(request.headers.accept).includes('text/html')
    if (built && page && !request.url.startsWith('/v1/') && !given.has(request)) {
      given.add(request)
      reply.sendFile('index.html')
    } else answerError(new PulseError('platform.not-found'), request, reply)
  })
  if (!built) return
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    cacheControl: false,
    setHeaders(response, path) {
      const hashed = path.includes('/assets/')
      response.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  app.get('/*', { config: { open: 'nobody' }, schema: { hide: true } }, (request, reply) => {
    const path = decodeURIComponent(request.url.split('?', 1)[0] ?? '/')
    reply.sendFile(path === '/' ? 'index.html' : path.slice(1))
  })
}
