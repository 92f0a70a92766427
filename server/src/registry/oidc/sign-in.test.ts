import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createBrowser } from '../../testing/browser.ts'
import {
  beginSignIn,
  codeOf,
  exchange,
  passForms,
  refresh,
  signInByForm,
} from '../../testing/sign-in.ts'
import { type TestIdentity, type TestPerson, testIdentity } from './test-identity.ts'
import { totpCode } from './totp.ts'

let pulse: TestIdentity
let ada: TestPerson

beforeAll(async () => {
  pulse = await testIdentity()
  ada = await pulse.person('ada')
})
afterAll(() => pulse?.close())

const signIn = (person: TestPerson, more: object = {}) =>
  signInByForm({ origin: pulse.origin, ...person, ...more })
const forms = (page: { text: string }) => /<h1>([^<]*)<\/h1>/.exec(page.text)?.[1]
const fault = (page: { text: string }) => /role="alert"[^>]*>([^<]*)</.exec(page.text)?.[1]

/** A browser that has passed the password of a person, and what it came to. */
async function passPassword(person: TestPerson) {
  const browser = createBrowser()
  const begun = await beginSignIn(pulse.origin)
  const page = await passForms(browser, begun, person)
  return { browser, begun, page }
}

describe('a sign-in', () => {
  test('gives an access token that says who it is, for five minutes', async () => {
    const { accessToken } = await signIn(ada)
    const identity = await pulse.service.verify(accessToken)
    expect(identity).toMatchObject({
      issuer: 'embedded',
      subject: ada.id,
      username: 'ada',
      name: 'Name of ada',
      email: 'ada@pulse.test',
      emailVerified: true,
      claimed: undefined,
    })
    expect(identity.expiresAt.getTime() - identity.issuedAt.getTime()).toBe(300_000)
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' })
    expect(decodeJwt(accessToken)).toMatchObject({ aud: 'pulse-api', client_id: 'pulse-portal' })
  })

  test('gives an ID token for the portal with the nonce that was sent', async () => {
    const begun = await beginSignIn(pulse.origin, { nonce: 'n-0S6_WzA2Mj' })
    const arrived = await passForms(createBrowser(), begun, ada)
    const { idToken } = await exchange(begun, codeOf(arrived, begun))
    expect(decodeJwt(idToken)).toMatchObject({
      aud: 'pulse-portal',
      nonce: 'n-0S6_WzA2Mj',
      name: 'Name of ada',
      email: 'ada@pulse.test',
    })
  })

  test('goes on by refresh tokens, each used once, in the same session', async () => {
    const begun = await beginSignIn(pulse.origin)
    const first = await signIn(ada)
    const second = await refresh(begun, first.refreshToken)
    expect(second.refreshToken).not.toBe(first.refreshToken)
    const sessions = await Promise.all(
      [first, second].map(
        async ({ accessToken }) => (await pulse.service.verify(accessToken)).session,
      ),
    )
    expect(sessions[0]).toBe(sessions[1])
    expect(sessions[0]).toBeDefined()
  })

  test('is remembered by the browser: the next one needs no form', async () => {
    const browser = createBrowser()
    await signIn(ada, { browser })
    const begun = await beginSignIn(pulse.origin)
    const arrived = await browser.go(begun.url, { stop: begun.callback })
    expect(codeOf(arrived, begun)).toMatch(/./)
  })

  test('outlives the process, and so do its refresh tokens', async () => {
    const browser = createBrowser()
    const { refreshToken, accessToken } = await signIn(ada, { browser })
    pulse = await pulse.again()
    await expect(pulse.service.verify(accessToken)).resolves.toMatchObject({ subject: ada.id })
    const begun = await beginSignIn(pulse.origin)
    await expect(refresh(begun, refreshToken)).resolves.toBeDefined()
    const arrived = await browser.go(begun.url, { stop: begun.callback })
    expect(arrived.url).toContain(begun.callback)
  })

  test('is refused the same way for a wrong password and for a name that nobody has', async () => {
    const wrong = await passPassword({ ...ada, password: 'wrong' })
    const nobody = await passPassword({ ...ada, username: 'nobody', password: 'wrong' })
    expect(wrong.page.status).toBe(401)
    expect(fault(wrong.page)).toContain('The name or the password is wrong.')
    const masked = ({ text, url }: { text: string; url: string }, name: string) =>
      text
        .replaceAll(url, '')
        .replaceAll(`value="${name}"`, '')
        .replace(/name="form" value="[^"]*"/, '')
    expect(masked(nobody.page, 'nobody')).toBe(masked(wrong.page, 'ada'))
    const right = await wrong.browser.submit(
      wrong.page,
      { username: ada.username, password: ada.password },
      wrong.begun.callback,
    )
    expect(codeOf(right, wrong.begun)).toMatch(/./)
  })

  test('tells the log of the platform of a person without a tenant', async () => {
    await signIn(ada)
    // A refusal is written behind.
    const rows = await vi.waitFor(async () => {
      const found = await pulse.db.superuser()`
        select action, actor, subject, address, request_id from platform.audit
         where tenant = 0 and action like 'registry.sign%' and subject = ${`person:${ada.id}`}`
      expect(found.map(({ action }) => action)).toContain('registry.sign-in-refused')
      return found
    })
    expect(rows).toContainEqual({
      action: 'registry.signed-in',
      actor: ada.id,
      subject: `person:${ada.id}`,
      address: '127.0.0.1',
      request_id: expect.stringMatching(/^rq_/),
    })
  })
})

describe('an account whose password somebody else gave', () => {
  test('asks for another at the first sign-in, and not again', async () => {
    const bob = await pulse.person('bob', { mustChange: true })
    const { browser, begun, page } = await passPassword(bob)
    expect(forms(page)).toBe('Choose a new password')
    const short = await browser.submit(page, { next: 'short', again: 'short' })
    expect([short.status, fault(short)]).toEqual([
      400,
      'The password needs at least 12 characters.',
    ])
    const unequal = await browser.submit(short, { next: 'a long sentence', again: 'another one' })
    expect(fault(unequal)).toBe('The two passwords are not the same.')
    const fields = { next: 'a long sentence', again: 'a long sentence' }
    const arrived = await browser.submit(unequal, fields, begun.callback)
    await exchange(begun, codeOf(arrived, begun))
    await expect(signIn({ ...bob, password: 'a long sentence' })).resolves.toBeDefined()
    expect((await passPassword(bob)).page.status).toBe(401)
  })
})

describe('an account with a second factor', () => {
  let secret: string
  let eve: TestPerson
  /** Codes are taken once, so each sign-in takes one of another step. */
  const codes = () => [-30_000, 0, 30_000].map((shift) => totpCode(secret, Date.now() + shift))

  beforeAll(async () => {
    eve = await pulse.person('eve')
    const { accounts } = pulse.service
    const account = () =>
      accounts.find({ person: eve.id }) as Promise<
        NonNullable<Awaited<ReturnType<typeof accounts.find>>>
      >
    ;({ secret } = await accounts.offerTotp(await account()))
    const from = { address: undefined, requestId: undefined }
    await accounts.confirmTotp(await account(), codes()[0] as string, from)
  })

  test('asks for a code after the password, which works once', async () => {
    const { browser, begun, page } = await passPassword(eve)
    expect(forms(page)).toBe('Second factor')
    const wrong = await browser.submit(page, { code: '000000' })
    expect(wrong.status).toBe(403)
    const code = codes()[1] as string
    const arrived = await browser.submit(wrong, { code }, begun.callback)
    const { idToken } = await exchange(begun, codeOf(arrived, begun))
    expect(decodeJwt(idToken)['amr']).toEqual(['pwd', 'otp'])

    const other = await passPassword(eve)
    const again = await other.browser.submit(other.page, { code })
    expect([again.status, fault(again)]).toEqual([
      403,
      'The code is wrong, or was used before. Enter the code that the authenticator shows now; each works once.',
    ])
  })

  test('cannot be passed by asking for the end of the sign-in without a code', async () => {
    const { browser, begun, page } = await passPassword(eve)
    const resume = page.url.replace('/auth/sign-in/', '/auth/auth/')
    const arrived = await browser.go(resume, { stop: begun.callback })
    expect(arrived.url).not.toContain(begun.callback)
    expect(forms(arrived)).toBe('Sign in')
  })

  test('stops to listen after five wrong codes', async () => {
    const mallory = await pulse.person('mallory')
    const { accounts } = pulse.service
    const found = await accounts.find({ person: mallory.id })
    if (!found) throw new Error('mallory is missing')
    await accounts.offerTotp(found)
    const offered = await accounts.find({ person: mallory.id })
    if (!offered) throw new Error('mallory is missing')
    const from = { address: undefined, requestId: undefined }
    for (let tries = 0; tries < 5; tries++) {
      await expect(accounts.confirmTotp(offered, '000000', from)).rejects.toMatchObject({
        code: 'registry.wrong-code',
      })
    }
    await expect(accounts.confirmTotp(offered, '000000', from)).rejects.toMatchObject({
      code: 'platform.limited',
    })
  })
})

describe('a sign-out', () => {
  const end = async (tokens: { idToken: string }, more: Record<string, string> = {}) => {
    const url = new URL(`${pulse.origin}/auth/session/end`)
    const params = {
      id_token_hint: tokens.idToken,
      post_logout_redirect_uri: `${pulse.origin}/`,
      ...more,
    }
    url.search = new URLSearchParams(params).toString()
    return url.href
  }

  test('ends the session, its refresh tokens and, at once, its access tokens', async () => {
    const browser = createBrowser()
    const tokens = await signIn(ada, { browser })
    const account = () =>
      fetch(`${pulse.origin}/v1/account`, {
        headers: { authorization: `Bearer ${tokens.accessToken}` },
      })
    expect((await account()).status).toBe(200)
    const page = await browser.go(await end(tokens))
    expect(forms(page)).toBe('Sign out')
    const back = await browser.submit(page, { logout: 'yes' }, `${pulse.origin}/`)
    expect(back.url).toBe(`${pulse.origin}/`)
    expect((await account()).status).toBe(401)
    const begun = await beginSignIn(pulse.origin)
    await expect(refresh(begun, tokens.refreshToken)).rejects.toThrow('invalid_grant')
    expect(forms(await browser.go(begun.url, { stop: begun.callback }))).toBe('Sign in')
  })

  test('asks by itself only whom the portal sent, who knows the ID token', async () => {
    const browser = createBrowser()
    const tokens = await signIn(ada, { browser })
    expect((await browser.go(await end(tokens))).text).toContain(
      '<script src="/auth/submit.js" defer>',
    )
    const bare = await browser.go(`${pulse.origin}/auth/session/end`)
    expect(forms(bare)).toBe('Sign out')
    expect(bare.text).not.toContain('submit.js')
  })

  test('leads to nowhere but the portal', async () => {
    const browser = createBrowser()
    await signIn(ada, { browser })
    const evilUri = encodeURIComponent('https://evil.test/')
    const evil = await browser.go(
      `${pulse.origin}/auth/session/end?client_id=pulse-portal&post_logout_redirect_uri=${evilUri}`,
    )
    expect(evil.status).toBe(400)
    expect(evil.text).not.toContain('href="https://evil.test')
    const page = await browser.go(
      `${pulse.origin}/auth/session/end?post_logout_redirect_uri=${evilUri}`,
    )
    const out = await browser.submit(page, { logout: 'yes' })
    expect([new URL(out.url).origin, forms(out)]).toEqual([pulse.origin, 'You are signed out'])
  })
})
