import type { FastifyReply } from 'fastify'
import { errors } from 'oidc-provider'
import type { FastifyRequest, Shell } from '#platform'
import { refuse } from '../errors.ts'
import type { AccountRow } from './account-rows.ts'
import type { Accounts } from './accounts.ts'
import type { Served } from './embedded.ts'
import { chosenPassword, type Fault, faultOf } from './form-faults.ts'
import { EXPIRED_FORM, fieldOf } from './forms.ts'
import { codePage, expiredPage, newPasswordPage, signInPage } from './pages.ts'
import type { Step, Steps } from './steps.ts'

export interface InteractionDeps {
  readonly served: () => Promise<Served>
  readonly accounts: Accounts
  readonly steps: Steps
}

const route = { config: { open: 'nobody' }, schema: { hide: true } } as const
const PATH = '/auth/sign-in/:uid'

/** The pages of signing in: password, second factor, new password. They work without a script. */
export function interactionRoutes(app: Shell, deps: InteractionDeps): void {
  app.get(PATH, route, async (request, reply) => {
    const found = await visitOf(deps, request, reply)
    return found ? show(reply, found, {}) : over(reply)
  })
  app.post(PATH, route, async (request, reply) => {
    const found = await visitOf(deps, request, reply)
    if (!found) return over(reply)
    if (!found.served.forms.genuine(request)) {
      return show(reply, found, EXPIRED_FORM)
    }
    try {
      return await next(deps, request, reply, found)
    } catch (error) {
      return show(reply, found, faultOf(error))
    }
  })
}

/** A browser in the middle of signing in. */
interface Visit {
  readonly served: Served
  readonly uid: string
  readonly step: Step | undefined
  readonly hidden: Record<string, string>
}

async function visitOf(
  { served, steps }: InteractionDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Visit | undefined> {
  const now = await served()
  const { uid } = request.params as { uid: string }
  try {
    const details = await now.provider.interactionDetails(request.raw, reply.raw)
    if (details.uid !== uid) return undefined
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined
    throw error
  }
  return { served: now, uid, step: await steps.of(uid), hidden: now.forms.hidden(request, reply) }
}

/** What one post does: checks what the step asks for, and shows the next or sends the browser on. */
async function next(
  deps: InteractionDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  visit: Visit,
): Promise<FastifyReply> {
  const { accounts, steps } = deps
  const from = { address: request.ip, requestId: request.id }
  const { step } = visit
  if (!step) {
    const account = await accounts.check(
      fieldOf(request, 'username'),
      fieldOf(request, 'password'),
      from,
    )
    return advance(deps, reply, visit, { account, proven: ['pwd'] })
  }
  const account = await accounts.find({ person: step.person })
  if (!account) {
    await steps.forget(visit.uid)
    return over(reply)
  }
  if (step.next === 'code') {
    await accounts.checkCode(account, fieldOf(request, 'code').replaceAll(' ', ''))
    return advance(deps, reply, visit, { account, proven: [...step.proven, 'otp'] })
  }
  await accounts.setPassword(account, chosenPassword(request), from)
  const changed = { ...account, mustChange: false }
  return advance(deps, reply, visit, { account: changed, proven: step.proven })
}

/** What is still to be asked of somebody who has proven this much; in that order. */
async function advance(
  { steps }: InteractionDeps,
  reply: FastifyReply,
  visit: Visit,
  so: { readonly account: AccountRow; readonly proven: readonly string[] },
): Promise<FastifyReply> {
  const { account, proven } = so
  const { uid, served } = visit
  if (!account.active) throw refuse.deactivated()
  const ask = nextOf(account, proven)
  if (ask) {
    const step = { person: account.person, next: ask, proven }
    await steps.set(uid, step)
    return show(reply, { ...visit, step }, {})
  }
  await steps.forget(uid)
  const { request } = reply
  const returnTo = await served.provider.interactionResult(
    request.raw,
    reply.raw,
    { login: { accountId: account.person, amr: [...proven], remember: true } },
    { mergeWithLastSubmission: false },
  )
  return reply.redirect(returnTo, 303)
}

function nextOf(account: AccountRow, proven: readonly string[]): Step['next'] | undefined {
  if (account.totp !== null && !proven.includes('otp')) return 'code'
  return account.mustChange ? 'new-password' : undefined
}

function show(reply: FastifyReply, visit: Visit, fault: Fault): FastifyReply {
  const shown = { hidden: visit.hidden, fault: fault.fault }
  const pages = {
    code: () => codePage(shown),
    'new-password': () => newPasswordPage(shown),
    password: () => signInPage({ ...shown, username: fieldOf(reply.request, 'username') }),
  }
  if (fault.retryAfterS !== undefined) reply.header('retry-after', String(fault.retryAfterS))
  return reply
    .code(fault.status ?? 200)
    .type('text/html; charset=utf-8')
    .send(pages[visit.step?.next ?? 'password']())
}

const over = (reply: FastifyReply): FastifyReply =>
  reply.code(400).type('text/html; charset=utf-8').send(expiredPage())
