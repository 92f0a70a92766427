import { get } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser, formOf } from '../../testing/browser.ts'
import {
  askForTokens,
  type Begun,
  beginSignIn,
  codeOf,
  exchange,
  passForms,
  refresh,
} from '../../testing/sign-in.ts'
import { createHashQueue, type HashQueue } from './hash-queue.ts'
import { type TestIdentity, type TestPerson, testIdentity } from './test-identity.ts'

let pulse: TestIdentity
let ada: TestPerson
let hashes = 0
const hashQueue = createHashQueue({ atOnce: 2, waiting: 4 })
const queue: HashQueue = (work) =>
  hashQueue(() => {
    hashes++
    return work()
  })

beforeAll(async () => {
  pulse = await testIdentity({ queue })
  ada = await pulse.person('ada')
})
afterAll(() => pulse?.close())

/** A browser that comes back to the portal with a code. */
async function withCode(more: Record<string, string> = {}) {
  const begun = await beginSignIn(pulse.origin, more)
  const browser = createBrowser()
  const arrived = await passForms(browser, begun, ada)
  return { begun, browser, arrived }
}
const ask = (begun: Begun, code: string, more: Record<string, string> = {}) =>
  askForTokens(begun, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: begun.callback,
    code_verifier: begun.verifier,
    ...more,
  })
/** Where an authorization request leads, without the browser going there. */
async function answerTo(change: (params: URLSearchParams) => void) {
  const begun = await beginSignIn(pulse.origin)
  const url = new URL(begun.url)
  change(url.searchParams)
  const answer = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } })
  const location = answer.headers.get('location')
  return { begun, status: answer.status, location, text: await answer.text() }
}
const errorIn = (location: string | null) => new URL(location ?? '').searchParams.get('error')

describe('a code', () => {
  test('comes with the state that was sent and the issuer that it is of', async () => {
    const { arrived, begun } = await withCode({ state: 'a state of ours' })
    const { searchParams } = new URL(arrived.url)
    expect(searchParams.get('state')).toBe('a state of ours')
    expect(searchParams.get('iss')).toBe(`${pulse.origin}/auth`)
    expect(() => codeOf(arrived, begun)).toThrow('another request')
  })

  test('works once, and its second use ends what the first gave', async () => {
    const { begun, arrived } = await withCode()
    const code = codeOf(arrived, begun)
    const tokens = await exchange(begun, code)
    expect(await ask(begun, code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    await expect(refresh(begun, tokens.refreshToken)).rejects.toThrow('invalid_grant')
  })

  test('works once for two who come at the same time', async () => {
    const { begun, arrived } = await withCode()
    const code = codeOf(arrived, begun)
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(begun, code)))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
  })

  test.each([
    ['without a verifier', { code_verifier: '' }],
    ['with the verifier of somebody else', { code_verifier: 'x'.repeat(43) }],
    ['for another redirect URI', { redirect_uri: 'http://127.0.0.1:1/sign-in/callback' }],
    ['for another client', { client_id: 'pulse-other' }],
  ])('is worth nothing %s', async (_title, more: Record<string, string>) => {
    const { begun, arrived } = await withCode()
    const { status, body } = await ask(begun, codeOf(arrived, begun), more)
    expect([status >= 400, body['access_token']]).toEqual([true, undefined])
  })
})

describe('an authorization request', () => {
  test.each<[string, (params: URLSearchParams) => void]>([
    [
      'without PKCE',
      (params) => {
        params.delete('code_challenge')
        params.delete('code_challenge_method')
      },
    ],
    ['with plain PKCE', (params) => params.set('code_challenge_method', 'plain')],
    ['with a challenge of no method', (params) => params.delete('code_challenge_method')],
  ])('%s gets no code', async (_title, change) => {
    const { location, begun } = await answerTo(change)
    expect(location?.startsWith(begun.callback)).toBe(true)
    expect(errorIn(location)).toBe('invalid_request')
  })

  test.each(['token', 'id_token', 'code id_token', 'none'])('for %s gets nothing', async (type) => {
    const { location } = await answerTo((params) => params.set('response_type', type))
    const answer = new URL((location ?? '').replace('#', '?')).searchParams
    expect(answer.get('error')).toBe('unsupported_response_type')
  })

  test.each([
    'https://evil.test/sign-in/callback',
    '{origin}/sign-in/callback/',
    '{origin}/sign-in/callback?next=https://evil.test',
    '{origin}/sign-in/callback#x',
    '{origin}@evil.test/sign-in/callback',
    '{origin}/sign-in/../evil',
    'http://localhost:1/sign-in/callback',
  ])('with the redirect URI %s is told so on a page, and leads nowhere', async (uri) => {
    const { status, location, text } = await answerTo((params) =>
      params.set('redirect_uri', uri.replace('{origin}', pulse.origin)),
    )
    expect([status, location]).toEqual([400, null])
    expect(text).toContain('You cannot sign in this way')
  })

  test('of an unknown client is told so on a page', async () => {
    const { status, location } = await answerTo((params) => params.set('client_id', 'evil'))
    expect([status, location]).toEqual([400, null])
  })

  test('shows what it says as text, not as markup', async () => {
    const { text } = await answerTo((params) =>
      params.set('client_id', '<script>alert(1)</script>'),
    )
    expect(text).not.toContain('<script>')
  })

  test('does not believe what a client says of host and scheme', async () => {
    const path = '/auth/.well-known/openid-configuration'
    const text = await new Promise<string>((resolve, reject) => {
      const headers = {
        host: 'evil.test',
        'x-forwarded-host': 'evil.test',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.test',
      }
      get(`${pulse.origin}${path}`, { headers }, (answer) => {
        answer.setEncoding('utf8')
        let got = ''
        answer.on('data', (piece: string) => {
          got += piece
        })
        answer.on('end', () => resolve(got))
      }).on('error', reject)
    })
    expect(text).toContain(`"issuer":"${pulse.origin}/auth"`)
    expect(text).not.toMatch(/evil|https:/)
  })
})

describe('what is not needed is not there', () => {
  test.each([
    ['POST', '/auth/reg'],
    ['POST', '/auth/request'],
    ['POST', '/auth/token/introspection'],
    ['GET', '/auth/me'],
    ['POST', '/auth/backchannel'],
    ['POST', '/auth/device/auth'],
    ['GET', '/auth/interaction/x'],
  ])('%s %s', async (method, path) => {
    expect((await fetch(`${pulse.origin}${path}`, { method })).status).toBe(404)
  })

  test('the grant of a password', async () => {
    const begun = await beginSignIn(pulse.origin)
    const { body } = await askForTokens(begun, {
      grant_type: 'password',
      username: ada.username,
      password: ada.password,
    })
    expect(body['error']).toBe('unsupported_grant_type')
  })
})

describe('a refresh token', () => {
  test('that is used twice ends the sign-in, whoever used it first', async () => {
    const { begun, arrived } = await withCode()
    const stolen = await exchange(begun, codeOf(arrived, begun))
    const thief = await refresh(begun, stolen.refreshToken)
    await expect(refresh(begun, stolen.refreshToken)).rejects.toThrow('invalid_grant')
    await expect(refresh(begun, thief.refreshToken)).rejects.toThrow('invalid_grant')
  })

  test('is revoked by its holder', async () => {
    const { begun, arrived } = await withCode()
    const { refreshToken } = await exchange(begun, codeOf(arrived, begun))
    const answer = await fetch(`${pulse.origin}/auth/token/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'pulse-portal', token: refreshToken }),
    })
    expect(answer.status).toBe(200)
    await expect(refresh(begun, refreshToken)).rejects.toThrow('invalid_grant')
  })

  test('lies in the database only as a hash, as codes and sessions do', async () => {
    const { begun, browser, arrived } = await withCode()
    const code = codeOf(arrived, begun)
    const { refreshToken } = await exchange(begun, code)
    const [row] = await pulse.db.superuser()<{ all: string }[]>`
      select string_agg(a::text, ' ') as all from registry.oidc_artifact a`
    const cookies = browser.cookiesFor(`${pulse.origin}/auth/auth`)
    const session = /pulse_session=([^;]+)/.exec(cookies)?.[1] ?? 'no session'
    for (const secret of [refreshToken, code, session]) expect(row?.all).not.toContain(secret)
    expect(row?.all).toContain('RefreshToken')
  })
})

describe('a browser', () => {
  const sessionOf = (browser: Browser) =>
    /pulse_session=([^;]+)/.exec(browser.cookiesFor(`${pulse.origin}/auth/auth`))?.[1]

  test('that was given a session before gets another one by signing in', async () => {
    const attacker = await withCode()
    const planted = attacker.browser.cookiesFor(`${pulse.origin}/auth/auth`)
    const victim = createBrowser()
    for (const pair of planted.split('; ')) {
      const at = pair.indexOf('=')
      victim.plant(pair.slice(0, at), pair.slice(at + 1), '/auth')
    }
    const begun = await beginSignIn(pulse.origin, { prompt: 'login' })
    const arrived = await passForms(victim, begun, ada)
    expect(codeOf(arrived, begun)).toMatch(/./)
    expect(sessionOf(victim)).toBeDefined()
    expect(sessionOf(victim)).not.toBe(sessionOf(attacker.browser))
    const back = await attacker.browser.go(begun.url, { stop: begun.callback })
    expect(back.url).not.toContain('code=')
  })

  test('with a session id that it made up is asked to sign in', async () => {
    const browser = createBrowser()
    browser.plant('pulse_session', 'x'.repeat(43), '/auth')
    const begun = await beginSignIn(pulse.origin)
    expect((await browser.go(begun.url, { stop: begun.callback })).text).toContain(
      '<h1>Sign in</h1>',
    )
  })

  test('does not finish a sign-in that another one began', async () => {
    const begun = await beginSignIn(pulse.origin)
    const first = createBrowser()
    const page = await first.go(begun.url, { stop: begun.callback })
    const other = createBrowser()
    expect((await other.go(page.url)).text).toContain('This sign-in is over')
    const posted = await other.submit(page, { username: ada.username, password: ada.password })
    expect([posted.status, posted.url.includes('code=')]).toEqual([400, false])
  })

  test('gets cookies that scripts cannot read and other sites do not send', async () => {
    const begun = await beginSignIn(pulse.origin)
    const answer = await fetch(begun.url, { redirect: 'manual' })
    const cookies = answer.headers.getSetCookie()
    expect(cookies.length).toBeGreaterThan(0)
    for (const cookie of cookies) expect(cookie).toMatch(/httponly/i)
    for (const cookie of cookies) expect(cookie).toMatch(/samesite=lax/i)
  })

  test('runs no script that a page did not name, in no frame', async () => {
    const begun = await beginSignIn(pulse.origin)
    const page = await createBrowser().go(begun.url, { stop: begun.callback })
    const policy = page.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe-inline')
    expect(page.text).not.toMatch(/<script(?! src="\/)|<style|style=| on\w+=/i)
  })
})

describe('a form', () => {
  const fields = () => ({ username: ada.username, password: ada.password })

  async function signInForm() {
    const begun = await beginSignIn(pulse.origin)
    const browser = createBrowser()
    const page = await browser.go(begun.url, { stop: begun.callback })
    const post = (body: Record<string, string>, headers: Record<string, string> = {}) =>
      browser.go(page.url, {
        method: 'POST',
        body: new URLSearchParams(body),
        headers,
        stop: begun.callback,
      })
    return { begun, page, hidden: formOf(page).hidden, post }
  }

  test('without its code is not taken', async () => {
    const { post } = await signInForm()
    expect(await post(fields())).toMatchObject({ status: 403 })
  })

  test('with the code of another browser is not taken', async () => {
    const [mine, other] = [await signInForm(), await signInForm()]
    expect(await mine.post({ ...other.hidden, ...fields() })).toMatchObject({ status: 403 })
  })

  test.each([
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('that another site posts is not taken: %j', async (headers: Record<string, string>) => {
    const { post, hidden } = await signInForm()
    expect(await post({ ...hidden, ...fields() }, headers)).toMatchObject({ status: 403 })
  })

  test('of this site is taken', async () => {
    const { post, hidden, begun } = await signInForm()
    const headers = { origin: pulse.origin, 'sec-fetch-site': 'same-origin' }
    const arrived = await post({ ...hidden, ...fields() }, headers)
    expect(codeOf(arrived, begun)).toMatch(/./)
  })

  test('with a field twice, or with none, is a wrong password', async () => {
    const { page, hidden, post } = await signInForm()
    expect((await post({ ...hidden })).status).toBe(401)
    const twice = new URLSearchParams({ ...hidden, ...fields() })
    twice.append('username', 'root')
    expect(page.url).toContain('/auth/sign-in/')
    expect((await post(Object.fromEntries(twice))).status).toBe(401)
  })

  test('with what no database takes is a wrong password', async () => {
    const { hidden, post } = await signInForm()
    expect((await post({ ...hidden, username: 'a\0b', password: '\0' })).status).toBe(401)
  })

  test('shows what was typed as text', async () => {
    const { hidden, post } = await signInForm()
    const { text } = await post({ ...hidden, username: '"><img src=x onerror=a()>', password: 'x' })
    expect(text).not.toContain('<img')
    expect(text).toContain('&lt;img')
  })
})

describe('guessing', () => {
  const guess = async (username: string) => {
    const begun = await beginSignIn(pulse.origin)
    return passForms(createBrowser(), begun, { username, password: 'a guess' })
  }

  test('costs the same hash for a name that exists and for one that does not', async () => {
    const grace = await pulse.person('grace')
    const costs: number[] = []
    for (const username of [grace.username, 'nobody-here']) {
      const before = hashes
      await guess(username)
      costs.push(hashes - before)
    }
    expect(costs).toEqual([1, 1])
  })

  test('stops after eight tries of one name, whether it exists or not', async () => {
    const tim = await pulse.person('tim')
    for (const username of [tim.username, 'nobody-either']) {
      for (let tries = 0; tries < 8; tries++) expect((await guess(username)).status).toBe(401)
      const page = await guess(username)
      expect(page.status).toBe(429)
      expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(page.text).toMatch(/Too many tries\. Wait 15 minutes, then try again\./)
    }
  })

  test('in a flood of beginnings is told to wait, and others are not', async () => {
    const few = await testIdentity({ beginnings: { attempts: 3, windowMs: 60_000 } })
    try {
      const begun = await beginSignIn(few.origin)
      const statuses: number[] = []
      for (let tries = 0; tries < 4; tries++) {
        statuses.push((await fetch(begun.url, { redirect: 'manual' })).status)
      }
      expect(statuses).toEqual([303, 303, 303, 429])
      const [row] = await few.db.superuser()<{ n: number }[]>`
        select count(*)::int as n from registry.oidc_artifact where kind = 'Interaction'`
      expect(row?.n).toBe(3)
      expect((await fetch(`${few.origin}/auth/jwks`)).status).toBe(200)
    } finally {
      await few.close()
    }
  })

  test('in a flood of passwords is told on the page how long to wait', async () => {
    const full = await testIdentity({ queue: createHashQueue({ atOnce: 0, waiting: 0 }) })
    try {
      const begun = await beginSignIn(full.origin)
      const who = { username: 'nobody', password: 'a guess' }
      const page = await passForms(createBrowser(), begun, who)
      expect([page.status, page.headers.get('retry-after')]).toEqual([429, '5'])
      expect(page.text).toContain('Too many tries. Wait 5 seconds, then try again.')
    } finally {
      await full.close()
    }
  })

  test('in a flood hashes two at a time, lets four wait and sends the rest away', async () => {
    let running = 0
    let most = 0
    const release: (() => void)[] = []
    const bounded = createHashQueue({ atOnce: 2, waiting: 4 })
    const work = () => {
      most = Math.max(most, ++running)
      return new Promise<void>((resolve) => release.push(resolve)).finally(() => running--)
    }
    const all = Array.from({ length: 10 }, () =>
      bounded(work).then(
        () => 'done',
        (error) => error.code,
      ),
    )
    await expect(Promise.all(all.slice(6))).resolves.toEqual(Array(4).fill('platform.limited'))
    for (let left = 6; left > 0; left--) {
      release.shift()?.()
      await Promise.resolve()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await expect(Promise.all(all.slice(0, 6))).resolves.toEqual(Array(6).fill('done'))
    expect(most).toBe(2)
  })
})
