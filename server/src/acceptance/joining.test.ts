import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser, type Visited } from '../testing/browser.ts'
import { beginSignIn, passForms, refresh, signInByForm } from '../testing/sign-in.ts'
import { type Harness, startPulse } from './harness.ts'

let pulse: Harness
let admin: Record<string, string>

beforeAll(async () => {
  pulse = await startPulse()
  admin = { authorization: `Bearer ${await pulse.signIn()}` }
})
afterAll(() => pulse?.close())

const heading = ({ text }: Visited) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1]
const fault = ({ text }: Visited) => /role="alert"[^>]*>([^<]*)</.exec(text)?.[1]

/** What the portal does for the holder of a link. */
const openLink = (browser: Browser, token: string) =>
  browser.go(`${pulse.http}/auth/invitation`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    headers: { origin: pulse.http },
  })

/** The page behind the link of a new invitation. */
async function invite(email: string) {
  const answer = await fetch(`${pulse.http}/v1/invitations`, {
    method: 'POST',
    headers: { ...admin, 'content-type': 'application/json' },
    body: JSON.stringify({ email, role: 'engineer' }),
  })
  const { token } = (await answer.json()) as { token: string }
  const browser = createBrowser()
  return { browser, token, page: await openLink(browser, token) }
}

const chosen = {
  name: 'Zoë Ångström',
  username: 'Zoe',
  next: 'twelve or more letters',
  again: 'twelve or more letters',
}

describe('who holds the link of an invitation', () => {
  test('makes an account, signs in with it and belongs to the tenant', async () => {
    const { browser, page, token } = await invite('zoe@pulse.test')
    expect(heading(page)).toBe('Join Acme')
    expect(page.text).toContain('zoe@pulse.test')
    const wrong = await browser.submit(page, { ...chosen, again: 'something else' })
    expect([wrong.status, fault(wrong)]).toEqual([400, 'The two passwords are not the same.'])
    expect(wrong.text).toContain('value="Zoë Ångström"')
    const done = await browser.submit(wrong, chosen)
    expect([done.status, heading(done)]).toEqual([200, 'Your account is ready'])

    const tokens = await signInByForm({
      origin: pulse.http,
      username: 'zoe',
      password: chosen.next,
    })
    const session = await fetch(`${pulse.http}/v1/session`, {
      headers: { authorization: `Bearer ${tokens.accessToken}` },
    })
    expect(await session.json()).toMatchObject({
      person: { name: 'Zoë Ångström', username: 'zoe' },
      tenants: [{ key: 'acme', role: 'engineer' }],
    })
    const again = await openLink(browser, token)
    expect([again.status, heading(again)]).toEqual([404, 'This invitation is over'])
  })

  test('cannot take a username that somebody has, nor one that looks like nothing', async () => {
    const { browser, page } = await invite('max@pulse.test')
    const taken = await browser.submit(page, { ...chosen, username: 'ADMIN' })
    expect([taken.status, fault(taken)]).toEqual([
      409,
      'Somebody else has this username. Choose another.',
    ])
    const blank = await browser.submit(taken, { ...chosen, username: '\u3164' })
    expect(blank.status).toBe(400)
    const markup = await browser.submit(blank, { ...chosen, username: '<script>' })
    expect(markup.status).toBe(400)
    expect(markup.text).not.toContain('<script>')
  })

  test('posts it from the page that Pulse gave', async () => {
    const { browser, page } = await invite('eva@pulse.test')
    const body = new URLSearchParams({ ...chosen, form: 'forged' })
    const forged = await browser.go(page.url, { method: 'POST', body })
    expect([forged.status, fault(forged)]).toEqual([403, 'The form had expired. Try again.'])
  })
})

test('a link that another site posts is not opened', async () => {
  const answer = await fetch(`${pulse.http}/auth/invitation`, {
    method: 'POST',
    body: new URLSearchParams({ token: 'pulse_i_of_mallory' }),
    headers: { origin: 'https://evil.test' },
    redirect: 'manual',
  })
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([404, []])
})

test.each(['', 'pulse_i_nothing', 'a\0b'])(
  'a link with the token %j leads to a page that says that it is over',
  async (token) => {
    const page = await openLink(createBrowser(), token)
    expect([page.status, heading(page)]).toEqual([404, 'This invitation is over'])
  },
)

test('a person who may not sign in any more is out: no token, no page, no password', async () => {
  const kim = { username: 'kim', password: 'the password of kim' }
  const facts = { ...kim, name: 'Kim', role: 'viewer' } as const
  const { id } = await pulse.app.registry.people.createPerson(pulse.tenant, facts, {
    kind: 'system',
    id: 'test',
  })
  const browser = createBrowser()
  const { refreshToken } = await signInByForm({ origin: pulse.http, ...kim, browser })
  await pulse.db.superuser()`update registry.person set active = false where id = ${id}`

  const begun = await beginSignIn(pulse.http)
  await expect(refresh(begun, refreshToken)).rejects.toThrow('invalid_grant')
  expect(heading(await browser.go(begun.url, { stop: begun.callback }))).toBe('Sign in')
  const page = await passForms(createBrowser(), await beginSignIn(pulse.http), kim)
  expect([page.status, fault(page)]).toEqual([
    403,
    'Your access to this Pulse has been ended. Ask whoever runs this Pulse.',
  ])
})
