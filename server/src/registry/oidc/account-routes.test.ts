import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#platform'
import { createBrowser } from '../../testing/browser.ts'
import {
  beginSignIn,
  passForms,
  refresh,
  signInByForm,
  type Tokens,
} from '../../testing/sign-in.ts'
import { createAccountReset } from './account-reset.ts'
import { type TestIdentity, type TestPerson, testIdentity } from './test-identity.ts'
import { totpCode } from './totp.ts'

let pulse: TestIdentity

beforeAll(async () => {
  pulse = await testIdentity()
})
afterAll(() => pulse?.close())

const signIn = (person: TestPerson) => signInByForm({ origin: pulse.origin, ...person })

async function call(tokens: Tokens, method: string, path: string, body?: object) {
  const answer = await fetch(`${pulse.origin}/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tokens.accessToken}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) }
}
const actionsOf = async (person: TestPerson) => {
  const rows = await pulse.db.superuser()<{ action: string }[]>`
    select action from platform.audit where subject = ${`person:${person.id}`} order by id`
  return rows.map(({ action }) => action)
}

test('everybody is told where to sign in', async () => {
  const answer = await fetch(`${pulse.origin}/v1/sign-in`)
  expect([answer.status, await answer.json()]).toEqual([
    200,
    {
      issuer: `${pulse.origin}/auth`,
      clientId: 'pulse-portal',
      scope: 'openid profile email',
      embedded: true,
    },
  ])
})

describe('an account', () => {
  test('is shown to its owner', async () => {
    const ada = await pulse.person('ada')
    expect(await call(await signIn(ada), 'GET', 'account')).toEqual({
      status: 200,
      body: {
        username: 'ada',
        name: 'Name of ada',
        email: 'ada@pulse.test',
        emailVerified: true,
        passwordChangedAt: expect.stringMatching(/Z$/),
        secondFactor: false,
      },
    })
  })

  test('is shown to nobody else', async () => {
    for (const path of ['account', 'account/sign-ins']) {
      const answer = await fetch(`${pulse.origin}/v1/${path}`)
      expect(answer.status).toBe(401)
    }
  })
})

describe('a password', () => {
  test('is changed by who knows it, and the other sign-ins end', async () => {
    const bob = await pulse.person('bob')
    const [here, there] = [await signIn(bob), await signIn(bob)]
    const next = 'correct horse battery staple'
    const wrong = await call(here, 'PUT', 'account/password', { current: 'no', next })
    expect([wrong.status, wrong.body.code]).toEqual([403, 'registry.wrong-current-password'])
    const change = { current: bob.password, next }
    expect((await call(here, 'PUT', 'account/password', change)).status).toBe(204)

    expect((await call(here, 'GET', 'account')).status).toBe(200)
    expect((await call(there, 'GET', 'account')).status).toBe(401)
    const begun = await beginSignIn(pulse.origin)
    await expect(refresh(begun, there.refreshToken)).rejects.toThrow('invalid_grant')
    await expect(refresh(begun, here.refreshToken)).resolves.toBeDefined()
    await expect(signIn({ ...bob, password: next })).resolves.toBeDefined()
    await expect(signIn(bob)).rejects.toThrow('401')
    const done = (await actionsOf(bob)).filter((action) => action !== 'registry.sign-in-refused')
    expect(done).toEqual([
      'registry.signed-in',
      'registry.signed-in',
      'registry.password-changed',
      'registry.sign-ins-ended',
      'registry.signed-in',
    ])
  })

  test('needs twelve characters, and takes no field that is not known', async () => {
    const tokens = await signIn(await pulse.person('carol'))
    for (const body of [
      { current: 'x', next: 'too short' },
      { current: 'x', next: 'a good long sentence', person: 'pe_other' },
    ]) {
      expect(await call(tokens, 'PUT', 'account/password', body)).toMatchObject({
        status: 400,
        body: { code: 'platform.invalid' },
      })
    }
  })
})

describe('a second factor', () => {
  test('is in force when a code has confirmed it, and is removed with another', async () => {
    const eve = await pulse.person('eve')
    const tokens = await signIn(eve)
    const path = 'account/second-factor'
    const early = await call(tokens, 'POST', `${path}/confirm`, { code: '123456' })
    expect([early.status, early.body.code]).toEqual([409, 'registry.no-second-factor'])

    const { status, body: offer } = await call(tokens, 'POST', path)
    expect([status, offer.uri]).toEqual([201, expect.stringContaining('otpauth://totp/Pulse:eve?')])
    const code = (shift: number) => totpCode(offer.secret, Date.now() + shift)
    const wrong = await call(tokens, 'POST', `${path}/confirm`, { code: '000000' })
    expect([wrong.status, wrong.body.code]).toEqual([403, 'registry.wrong-code'])
    expect((await call(tokens, 'GET', 'account')).body.secondFactor).toBe(false)

    const first = code(-30_000)
    expect((await call(tokens, 'POST', `${path}/confirm`, { code: first })).status).toBe(204)
    expect((await call(tokens, 'GET', 'account')).body.secondFactor).toBe(true)
    const browser = createBrowser()
    const page = await passForms(browser, await beginSignIn(pulse.origin), eve)
    expect(page.text).toContain('name="code"')

    expect((await call(tokens, 'POST', `${path}/remove`, { code: first })).status).toBe(403)
    expect((await call(tokens, 'POST', `${path}/remove`, { code: code(0) })).status).toBe(204)
    await expect(signIn(eve)).resolves.toBeDefined()
    expect(await actionsOf(eve)).toEqual([
      'registry.signed-in',
      'registry.second-factor-set',
      'registry.second-factor-removed',
      'registry.signed-in',
    ])
  })

  test('lies sealed in the database', async () => {
    const frank = await pulse.person('frank')
    const { body: offer } = await call(await signIn(frank), 'POST', 'account/second-factor')
    const [row] = await pulse.db.superuser()`
      select totp, totp_offered from registry.account where person = ${frank.id}`
    expect(row).toEqual({ totp: null, totp_offered: expect.stringMatching(/^v1\./) })
    expect(row?.['totp_offered']).not.toContain(offer.secret)
  })
})

describe('sign-ins', () => {
  test('are listed, and one is ended at once', async () => {
    const grace = await pulse.person('grace')
    const [here, there] = [await signIn(grace), await signIn(grace)]
    const { body } = await call(here, 'GET', 'account/sign-ins')
    expect(body.items).toHaveLength(2)
    expect(body.items[0]).toEqual({
      id: expect.any(String),
      beganAt: expect.stringMatching(/Z$/),
      seenAt: expect.stringMatching(/Z$/),
      address: '127.0.0.1',
      agent: 'node',
      current: expect.any(Boolean),
    })
    const other = body.items.find(({ current }: { current: boolean }) => !current)
    expect((await call(here, 'DELETE', `account/sign-ins/${other.id}`)).status).toBe(204)
    expect((await call(there, 'GET', 'account')).status).toBe(401)
    const begun = await beginSignIn(pulse.origin)
    await expect(refresh(begun, there.refreshToken)).rejects.toThrow('invalid_grant')
    expect((await call(here, 'GET', 'account/sign-ins')).body.items).toHaveLength(1)
  })

  test('of somebody else are not there', async () => {
    const [one, two] = [await pulse.person('heidi'), await pulse.person('ivan')]
    const [mine, theirs] = [await signIn(one), await signIn(two)]
    const { session } = await pulse.service.verify(theirs.accessToken)
    expect(await call(mine, 'DELETE', `account/sign-ins/${session}`)).toMatchObject({
      status: 404,
      body: { code: 'registry.unknown-sign-in' },
    })
    expect((await call(theirs, 'GET', 'account')).status).toBe(200)
  })
})

describe('an account whose owner lost password and authenticator', () => {
  test('is reset: a password to be changed, no second factor, no open sign-in', async () => {
    const judy = await pulse.person('judy')
    const tokens = await signIn(judy)
    const { body: offer } = await call(tokens, 'POST', 'account/second-factor')
    const code = totpCode(offer.secret, Date.now())
    expect((await call(tokens, 'POST', 'account/second-factor/confirm', { code })).status).toBe(204)

    const reset = createAccountReset({
      app: pulse.db.as('pulse_owner'),
      clock: systemClock,
      passwordCost: { N: 2 ** 10, r: 8, p: 1 },
    })
    expect(await reset('nobody', 'drawn for nobody')).toBe(false)
    expect(await reset('JUDY', 'drawn by a command')).toBe(true)
    expect((await call(tokens, 'GET', 'account')).status).toBe(401)
    const page = await passForms(createBrowser(), await beginSignIn(pulse.origin), {
      username: 'judy',
      password: 'drawn by a command',
    })
    expect(page.text).toContain('Choose a new password')
    expect(await actionsOf(judy)).toContain('registry.account-reset')
  })
})
