import type { FastifyReply } from 'fastify'
import { type FastifyRequest, PulseError, type Shell } from '#platform'
import { refuse } from '../errors.ts'
import type { From } from './audited.ts'
import type { Served } from './embedded.ts'
import { chosenName, chosenPassword, chosenUsername, faultOf } from './form-faults.ts'
import { cookieLine, EXPIRED_FORM, fieldOf, readCookie } from './forms.ts'
import { invitationPage, messagePage } from './pages.ts'

/** What an invitation is to somebody who has no account yet. */
export interface Joining {
  /** @throws `registry.unknown-invitation`, `platform.limited` */
  offer(
    token: string,
    address: string,
  ): Promise<{ readonly tenant: { readonly name: string }; readonly email: string }>
  /** Makes the account and the membership. @throws like `offer`, and `registry.username-taken` */
  join(
    token: string,
    account: { readonly username: string; readonly name: string; readonly password: string },
    from: From,
  ): Promise<unknown>
}

export interface InvitationDeps {
  readonly served: () => Promise<Served>
  readonly joining: Joining
}

const PATH = '/auth/invitation'
const route = { config: { open: 'nobody' }, schema: { hide: true } } as const

/** How long the page may stay open; seconds. */
const COOKIE = { name: 'pulse_invitation', path: PATH, maxAgeS: 3600 }
const TOKEN = /^[\w-]{1,128}$/

/**
 * The page for holders of an invitation who have no account: they make one. The portal, which gets
 * the token behind the `#` of the link, posts it here, and it goes on in a cookie: it stands in no
 * address that a server or a proxy writes down, and on no page.
 */
export function invitationRoutes(app: Shell, { served, joining }: InvitationDeps): void {
  app.get(PATH, route, (request, reply) =>
    orOver(reply, async () => show(await served(), joining, { request, reply })),
  )
  app.post(PATH, route, (request, reply) =>
    orOver(reply, async () => {
      const now = await served()
      const visit = { request, reply }
      const token = fieldOf(request, 'token')
      if (token !== '' && now.forms.fromHere(request)) return take(now.origin, reply, token)
      if (!now.forms.genuine(request)) return show(now, joining, visit, EXPIRED_FORM)
      try {
        await join(joining, request)
      } catch (error) {
        if (isOver(error)) throw error
        return show(now, joining, visit, faultOf(error))
      }
      const next = { href: '/', text: 'Sign in' }
      return answer(reply, 200, messagePage('Your account is ready', 'Sign in with it now.', next))
    }),
  )
}

function take(origin: string, reply: FastifyReply, token: string): FastifyReply {
  if (!TOKEN.test(token)) throw refuse.unknownInvitation()
  reply.header('set-cookie', cookieLine(origin, { ...COOKIE, value: token }))
  return reply.redirect(PATH, 303)
}

async function join(joining: Joining, request: FastifyRequest): Promise<void> {
  const from = { address: request.ip, requestId: request.id }
  const username = chosenUsername(request)
  const name = chosenName(request)
  await joining.join(tokenOf(request), { username, name, password: chosenPassword(request) }, from)
}

async function show(
  served: Served,
  joining: Joining,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  fault: ReturnType<typeof faultOf> = {},
): Promise<FastifyReply> {
  const { tenant, email } = await joining.offer(tokenOf(request), request.ip)
  const typed = (name: string) => fieldOf(request, name) || undefined
  const page = invitationPage({
    hidden: served.forms.hidden(request, reply),
    fault: fault.fault,
    tenant: tenant.name,
    email,
    name: typed('name'),
    username: typed('username'),
  })
  return answer(reply, fault.status ?? 200, page)
}

const tokenOf = (request: FastifyRequest): string => readCookie(request, COOKIE.name, TOKEN) ?? ''

const isOver = (error: unknown): error is PulseError =>
  error instanceof PulseError && error.code === 'registry.unknown-invitation'

/** A link that is used up is no fault of a form: it gets a page of its own. */
async function orOver(
  reply: FastifyReply,
  work: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await work()
  } catch (error) {
    if (!isOver(error)) throw error
    const page = messagePage('This invitation is over', `${error.message} ${error.remedy}`)
    return answer(reply, error.http, page)
  }
}

const answer = (reply: FastifyReply, status: number, page: string): FastifyReply =>
  reply.code(status).type('text/html; charset=utf-8').send(page)
