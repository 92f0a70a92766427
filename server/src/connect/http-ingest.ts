import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { envelope, ingestAnswer, type RefusalCode, refusalOf } from '@pulse/contract'
import { z } from 'zod'
import { type FastifyRequest, PulseError, type Shell } from '#platform'
import type { Device, Directory } from '#registry'
import type { Ingress, PublishOutcome } from './ingress.ts'
import { elementSpans, valueStart } from './json-span.ts'
import { refuse } from './refuse.ts'

/** One request: compressed or not, at most this many bytes once opened, and this many envelopes. */
const BODY_BYTES = 1024 * 1024
const MAX_ENVELOPES = 1000

const inflate = promisify(gunzip)

export interface HttpIngestDeps {
  readonly directory: Directory
  readonly ingress: Ingress
}

/**
 * `POST /v1/ingest`: one envelope, an array, or NDJSON, with the device's bearer token; gzip is
 * taken. The answer comes after the commit and has a result per item. When some could not be
 * taken just now the answer is 429 or 503 and all are to be sent again: what was stored is known.
 */
export function httpIngest(deps: HttpIngestDeps) {
  return async (app: Shell): Promise<void> => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      ['application/json', 'application/x-ndjson', 'text/plain'],
      { parseAs: 'buffer', bodyLimit: BODY_BYTES },
      (_request, body, done) => done(null, body),
    )
    app.post(
      '/v1/ingest',
      {
        config: { open: 'device', accepts: z.union([envelope, z.array(envelope)]) },
        schema: {
          summary: 'Send envelopes over HTTP, with the bearer token of a device',
          description:
            'One envelope, an array of at most 1,000, or one a line (NDJSON); gzip is taken. Every item has its result; a single one that is refused is answered with its problem.',
          tags: ['Connect'],
          consumes: ['application/json', 'application/x-ndjson'],
          response: { 200: ingestAnswer },
        },
      },
      async (request) => {
        const device = await loginOf(request, deps.directory)
        const body = await openBody(request, deps.ingress, device)
        const ndjson = String(request.headers['content-type']).startsWith('application/x-ndjson')
        const { items, single } = split(body, ndjson)
        const origin = { source: 'http' as const, topic: undefined, address: request.ip }
        const outcomes = await Promise.all(
          items.map(
            (item) =>
              new Promise<PublishOutcome>((resolve) => {
                deps.ingress.publish(device, undefined, item, origin, resolve)
              }),
          ),
        )
        return answerOf(outcomes, single)
      },
    )
  }
}

async function loginOf(request: FastifyRequest, directory: Directory): Promise<Device> {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || !token) throw refuse.unauthenticated()
  const login = await directory.loginByToken(token)
  if (login.ok) return login.device
  if (login.why === 'revoked') throw refuse.revoked()
  if (login.why === 'suspended') throw refuse.suspended()
  throw refuse.unauthenticated({ detail: 'Send Authorization: Bearer with a token of the device.' })
}

/** Opens a compressed body, bounded: a bomb is refused before it fills the memory. */
async function openBody(
  request: FastifyRequest,
  ingress: Ingress,
  device: Device,
): Promise<Buffer> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity') return body
  const origin = { source: 'http' as const, topic: undefined, address: request.ip }
  const reject = (code: RefusalCode, detail: string) =>
    ingress.reject({
      tenant: device.tenant.id,
      device,
      code,
      detail,
      origin,
      payload: undefined,
      messageId: undefined,
    })
  if (encoding !== 'gzip')
    throw new PulseError('platform.media-type', { detail: `Encoding ${encoding}: use gzip.` })
  try {
    return await inflate(body, { maxOutputLength: BODY_BYTES })
  } catch (error) {
    const large = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
    const detail = large ? 'It opens to more than 1 MiB.' : 'It is not valid gzip.'
    reject(large ? 'connect.too-large' : 'connect.malformed', detail)
    throw large
      ? refuse.tooLarge({ detail, cause: error })
      : refuse.malformed({ detail, cause: error })
  }
}

/** The envelopes of a body, each as bytes. What cannot be split goes on whole, to be refused there. */
function split(body: Buffer, ndjson: boolean): { items: Buffer[]; single: boolean } {
  if (!isUtf8(body)) return { items: [body], single: true }
  const text = body.toString('utf8')
  const texts = ndjson ? text.split('\n').filter((line) => line.trim() !== '') : arrayOf(text)
  if (texts === undefined) return { items: [body], single: true }
  if (texts.length === 0 || texts.length > MAX_ENVELOPES) {
    throw refuse.schema({
      detail: `Send 1 to ${MAX_ENVELOPES} envelopes at once, not ${texts.length}.`,
    })
  }
  return { items: texts.map((each) => Buffer.from(each)), single: false }
}

function arrayOf(text: string): string[] | undefined {
  const start = valueStart(text)
  if (text[start] !== '[') return undefined
  try {
    JSON.parse(text)
  } catch {
    // Refused as malformed by admission, which records it and says where it breaks.
    return undefined
  }
  return elementSpans(text, start).map(([from, to]) => text.slice(from, to))
}

function answerOf(outcomes: readonly PublishOutcome[], single: boolean) {
  const results = outcomes.map((outcome, index) => {
    if (outcome.kind === 'retry') {
      throw new PulseError(outcome.code, {
        retryAfterS: Math.max(1, Math.ceil(outcome.retryAfterMs / 1000)),
      })
    }
    const refused = outcome.kind === 'refused' ? outcome.items[0] : undefined
    if (!refused) return { index, ok: true }
    if (single) throw new PulseError(refused.code, { detail: refused.detail })
    const { text, remedy } = refusalOf(refused.code)
    const id = refused.id === undefined ? {} : { id: refused.id }
    return {
      index,
      ...id,
      ok: false,
      code: refused.code,
      message: `${text} ${refused.detail}`,
      remedy,
    }
  })
  const accepted = results.filter((result) => result.ok).length
  return { accepted, refused: results.length - accepted, results }
}
