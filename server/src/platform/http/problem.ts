import { type Problem, refusalOf } from '@pulse/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { PulseError } from '../errors.ts'
import { unavailableWhenDown } from '../sql.ts'

/** Answers any error as an RFC 9457 problem. A bug shows its request id and nothing else. */
export function answerError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const error = asRefusal(unavailableWhenDown(thrown))
  if (!error) {
    request.log.error({ err: thrown, requestId: request.id }, 'bug')
    return reply
      .code(500)
      .type('application/problem+json')
      .serializer(JSON.stringify)
      .send(bug(request.id))
  }
  if (error.retryAfterS !== undefined) reply.header('retry-after', String(error.retryAfterS))
  if (error.http === 401) reply.header('www-authenticate', 'Bearer')
  const problem = problemOf(error, request.id)
  request.log.debug({ problem }, 'refused')
  return reply
    .code(error.http)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem)
}

/** The wire shape of a refusal. */
export function problemOf(error: PulseError, requestId: string): Problem {
  return {
    type: `/docs/errors#${error.code}`,
    // The same for every refusal with this code (RFC 9457, 3.1.3): what was wrong here is the detail.
    title: refusalOf(error.code).text,
    status: error.http,
    code: error.code,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    remedy: error.remedy,
    requestId,
    ...(error.fields === undefined ? {} : { fields: [...error.fields] }),
  }
}

const bug = (requestId: string): Problem => ({
  type: 'about:blank',
  title: 'Pulse has a fault here.',
  status: 500,
  code: 'platform.fault',
  remedy: 'Report the request id; the log has the rest.',
  requestId,
})

const fastifyCodes: Readonly<Record<string, 'platform.too-large' | 'platform.media-type'>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'platform.too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'platform.media-type',
}

function asRefusal(error: unknown): PulseError | undefined {
  if (error instanceof PulseError) return error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.map((issue) => ({
      path:
        issue.instancePath.replace(/^\//, '').replaceAll('/', '.') ||
        String(error.validationContext),
      message: issue.message ?? 'is wrong',
    }))
    const detail = fields.map(({ path, message }) => `${path}: ${message}`).join('; ')
    return new PulseError('platform.invalid', { fields, detail })
  }
  const { code, statusCode } = (error ?? {}) as { code?: string; statusCode?: number }
  if (code !== undefined && fastifyCodes[code]) return new PulseError(fastifyCodes[code])
  if (statusCode === 400)
    return new PulseError('platform.invalid', { detail: (error as Error).message })
  return undefined
}
