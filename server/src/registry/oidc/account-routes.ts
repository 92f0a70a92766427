import {
  account,
  ownSignIn,
  passwordChange,
  type SignInFacts,
  secondFactorCode,
  secondFactorOffer,
  signInFacts,
  signInId,
} from '@pulse/contract'
import { z } from 'zod'
import { type FastifyRequest, PulseError, type Shell } from '#platform'
import { refuse } from '../errors.ts'
import type { VerifyBearer } from '../identity.ts'
import type { AccountRow } from './account-rows.ts'
import type { Accounts } from './accounts.ts'
import type { SignIns } from './sign-ins.ts'

export interface AccountRoutesDeps {
  readonly verify: VerifyBearer
  readonly accounts: Accounts
  readonly signIns: SignIns
  readonly signInFacts: () => SignInFacts
}

const tags = ['Account']
const config = { open: 'person' } as const
const nothing = z.null().describe('Done.')

/** What the portal needs to begin a sign-in, and what people do with their own account. */
export function accountRoutes(app: Shell, deps: AccountRoutesDeps): void {
  app.get(
    '/v1/sign-in',
    {
      config: { open: 'nobody' },
      schema: {
        tags,
        summary: 'Where to sign in',
        description: 'What a client needs for the code flow of OpenID Connect with PKCE.',
        security: [],
        response: { 200: signInFacts },
      },
    },
    () => deps.signInFacts(),
  )
  ownRoutes(app, deps)
  secondFactorRoutes(app, deps)
  removeRoute(app, deps)
  signInRoutes(app, deps)
}

/** Who asks, as the embedded provider knows them. */
interface Owner {
  readonly account: AccountRow
  readonly sid: string | undefined
  readonly from: { readonly address: string; readonly requestId: string }
}

/** @throws `registry.people-only`, `registry.foreign-account` */
async function ownerOf(deps: AccountRoutesDeps, request: FastifyRequest): Promise<Owner> {
  if (request.principal?.kind !== 'person') throw new PulseError('registry.people-only')
  if (!deps.signInFacts().embedded) throw refuse.foreignAccount()
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const identity = await deps.verify(bearer ?? '')
  const found = await deps.accounts.find({ person: identity.subject })
  if (!found) throw refuse.unauthenticated()
  const from = { address: request.ip, requestId: request.id }
  return { account: found, sid: identity.session, from }
}

function ownRoutes(app: Shell, deps: AccountRoutesDeps): void {
  app.get(
    '/v1/account',
    { config, schema: { tags, summary: 'See your account', response: { 200: account } } },
    async (request) => {
      const { account: own } = await ownerOf(deps, request)
      return {
        username: own.username,
        name: own.name,
        email: own.email,
        emailVerified: own.emailVerified,
        passwordChangedAt: own.passwordChangedAt.toISOString(),
        secondFactor: own.totp !== null,
      }
    },
  )
  app.put(
    '/v1/account/password',
    {
      config,
      schema: {
        tags,
        summary: 'Change your password',
        description: 'Your other sign-ins end with it.',
        body: passwordChange,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const { account: own, sid, from } = await ownerOf(deps, request)
      await deps.accounts.recheck(own, request.body.current, from)
      await deps.accounts.setPassword(own, request.body.next, from)
      await deps.signIns.endOthers(own.person, sid, from)
      return reply.code(204).send(null)
    },
  )
}

function secondFactorRoutes(app: Shell, deps: AccountRoutesDeps): void {
  app.post(
    '/v1/account/second-factor',
    {
      config: { ...config, secret: true },
      schema: {
        tags,
        summary: 'Begin with a second factor',
        description: 'The secret is shown this once. It is in force when a code has confirmed it.',
        response: { 201: secondFactorOffer },
      },
    },
    async (request, reply) => {
      const { account: own } = await ownerOf(deps, request)
      return reply.code(201).send(await deps.accounts.offerTotp(own))
    },
  )
  app.post(
    '/v1/account/second-factor/confirm',
    {
      config,
      schema: {
        tags,
        summary: 'Put the second factor in force',
        body: secondFactorCode,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const { account: own, from } = await ownerOf(deps, request)
      if (own.totpOffered === null) throw refuse.noSecondFactor()
      await deps.accounts.confirmTotp(own, request.body.code, from)
      return reply.code(204).send(null)
    },
  )
}

function removeRoute(app: Shell, deps: AccountRoutesDeps): void {
  app.post(
    '/v1/account/second-factor/remove',
    {
      config,
      schema: {
        tags,
        summary: 'Take the second factor away',
        body: secondFactorCode,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const { account: own, from } = await ownerOf(deps, request)
      if (own.totp === null) throw refuse.noSecondFactor()
      await deps.accounts.removeTotp(own, request.body.code, from)
      return reply.code(204).send(null)
    },
  )
}

function signInRoutes(app: Shell, deps: AccountRoutesDeps): void {
  app.get(
    '/v1/account/sign-ins',
    {
      config,
      schema: {
        tags,
        summary: 'List your sign-ins',
        response: { 200: z.object({ items: z.array(ownSignIn) }) },
      },
    },
    async (request) => {
      const { account: own, sid: current } = await ownerOf(deps, request)
      const rows = await deps.signIns.of(own.person)
      const items = rows.map(({ sid, beganAt, seenAt, address, agent }) => ({
        id: sid,
        beganAt: beganAt.toISOString(),
        seenAt: seenAt.toISOString(),
        address,
        agent,
        current: sid === current,
      }))
      return { items }
    },
  )
  app.delete(
    '/v1/account/sign-ins/:id',
    {
      config,
      schema: {
        tags,
        summary: 'End one of your sign-ins',
        description: 'The browser that holds it is signed out at once.',
        params: z.object({ id: signInId }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const { account: own, from } = await ownerOf(deps, request)
      const ended = await deps.signIns.end(own.person, request.params.id, from)
      if (!ended) throw refuse.unknownSignIn()
      return reply.code(204).send(null)
    },
  )
}
