import type { Problem } from '@pulse/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newcomer, person, type TestPerson } from './counterpart.ts'
import { type Ground, rolesOf, standOn } from './ground.ts'

let ground: Ground
beforeAll(async () => {
  ground = await standOn()
})
afterAll(() => ground?.close())

async function bearerOf(who: TestPerson): Promise<string> {
  return (await ground.portal.signIn(who)).accessToken
}

async function post<T>(bearer: string, path: string, body: object) {
  const answer = await fetch(ground.pulse.http + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as T }
}

/** The token of an invitation to the tenant `acme`, as its link carries it. */
async function invite(email: string): Promise<string> {
  const admin = await bearerOf(person('ada'))
  const { status, body } = await post<{ token: string }>(admin, '/v1/invitations', {
    email,
    role: 'technician',
  })
  expect(status).toBe(201)
  return body.token
}

const accept = (bearer: string, token: string) =>
  post<Problem>(bearer, '/v1/invitations/accept', { token })

it('lets in who signs in with the invited address, when the issuer has verified it', async () => {
  const who = newcomer('viewer', [])
  await ground.counterpart.addPerson(who)
  const bearer = await bearerOf(who)
  expect((await accept(bearer, await invite(who.email))).status).toBe(200)
  expect(rolesOf(await ground.session(bearer))).toEqual({ acme: 'technician' })
})

it('takes an address that nobody verified for nobody’s', async () => {
  const who = { ...newcomer('viewer', []), emailVerified: false }
  await ground.counterpart.addPerson(who)
  const bearer = await bearerOf(who)
  expect(await accept(bearer, await invite(who.email))).toMatchObject({
    status: 403,
    body: { code: 'registry.other-email' },
  })
  expect(rolesOf(await ground.session(bearer))).toEqual({})
})

it('does not take the invitation of another', async () => {
  const bearer = await bearerOf(person('nils'))
  expect(await accept(bearer, await invite('somebody@example.test'))).toMatchObject({
    status: 403,
    body: { code: 'registry.other-email' },
  })
})

it('does not take one for another who says to have the same name and address', async () => {
  const twin = {
    ...newcomer('viewer', []),
    name: person('ada').name,
    email: 'ADA@example.test',
    emailVerified: false,
  }
  await ground.counterpart.addPerson(twin)
  const answer = await ground.session(await bearerOf(twin))
  const { session } = await ground.session(await bearerOf(person('ada')))
  expect(answer.session.person.id).not.toBe(session.person.id)
  expect(rolesOf(answer)).toEqual({})
})
