import type { Page } from '@playwright/test'
import { fillForm } from './portal-session.ts'
import { expect, findings, looksRight, provoked, test } from './pulse.ts'

const overview = (page: Page) => page.getByRole('heading', { name: 'Overview' })
const signInButton = (page: Page) => page.getByRole('button', { name: 'Sign in' })

async function signOut(page: Page) {
  await page.getByRole('button', { name: /signed in as/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
}

test('a wrong password is refused in words, and the right one leads to where one was going', async ({
  page,
  api,
}) => {
  provoked.set(page, /40[13]/)
  await page.goto('/devices?q=status:online')
  await expect(page).toHaveURL(/\/auth\//)
  await fillForm(page, { username: api.demo.username, password: 'not the password' })
  await expect(page.getByRole('alert')).toContainText(/password/i)
  await fillForm(page, api.demo)
  await expect(page.getByRole('heading', { name: 'Devices' })).toBeVisible()
  await expect(page).toHaveURL(/\/devices\?q=status/)
  // The way there is over: Back leads out of the portal's sign-in, not into it again.
  expect(await page.evaluate(() => sessionStorage.getItem('pulse.signing-in'))).toBeNull()
})

test('the keyboard alone signs one in', async ({ page, api }) => {
  await page.goto('/sign-in')
  await expect(signInButton(page)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Username')).toBeFocused()
  await page.keyboard.type(api.demo.username)
  await page.keyboard.press('Tab')
  await page.keyboard.type(api.demo.password)
  await page.keyboard.press('Enter')
  await expect(overview(page)).toBeVisible()
})

test('the pages of the provider are readable for everybody, in both themes', async ({ page }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.goto('/sign-in')
    await signInButton(page).click()
    await expect(page.getByLabel('Username')).toBeVisible()
    expect(await findings(page), colorScheme).toEqual([])
    await page.screenshot({ path: `screenshots/provider-sign-in-${colorScheme}.png` })
  }
})

test('a reload and a second tab stay signed in', async ({ portal, context }) => {
  await portal.goto('/')
  await expect(overview(portal)).toBeVisible()
  await portal.reload()
  await expect(overview(portal)).toBeVisible()
  const second = await context.newPage()
  await second.goto('/devices')
  await expect(second.getByRole('heading', { name: 'Devices' })).toBeVisible()
  await portal.reload()
  await expect(overview(portal)).toBeVisible()
})

test('tabs that open together use each refresh token once', async ({ portal, context }) => {
  await portal.goto('/')
  await expect(overview(portal)).toBeVisible()
  const used: string[] = []
  context.on('request', (request) => {
    const token = /refresh_token=([^&]+)/.exec(request.postData() ?? '')?.[1]
    if (token) used.push(token)
  })
  const tabs = await Promise.all([1, 2, 3].map(() => context.newPage()))
  await Promise.all(tabs.map((tab) => tab.goto('/')))
  for (const tab of tabs) await expect(overview(tab)).toBeVisible()
  expect(used).toHaveLength(3)
  expect(new Set(used).size).toBe(3)
})

test('the access token is in no storage', async ({ portal }) => {
  let bearer = ''
  portal.on('request', (request) => {
    bearer ||= request.headers()['authorization']?.replace('Bearer ', '') ?? ''
  })
  await portal.goto('/')
  await expect(overview(portal)).toBeVisible()
  expect(bearer).toMatch(/^eyJ/)
  const stored = await portal.evaluate(() => JSON.stringify([localStorage, sessionStorage]))
  expect(stored).not.toContain(bearer)
})

test('signing out in one tab ends every tab at once, and the session with it', async ({
  page,
  context,
  api,
}) => {
  await page.goto('/devices')
  await fillForm(page, api.demo)
  await expect(page.getByRole('heading', { name: 'Devices' })).toBeVisible()
  const second = await context.newPage()
  await second.goto('/alerts')
  await expect(second.getByRole('heading', { name: 'Alerts', level: 1 })).toBeVisible()
  const answer = page.waitForResponse((each) => each.url().endsWith('/auth/token'))
  await page.reload()
  const { refresh_token: refreshToken } = (await (await answer).json()) as Record<string, string>

  await signOut(page)
  await expect(second.getByText('You were signed out in another window.')).toBeVisible()
  await expect(page.getByText('You are signed out')).toBeVisible()
  await expect(page).toHaveURL(/\/sign-in/)

  const again = await page.request.post(`${api.demo.url}/auth/token`, {
    form: {
      grant_type: 'refresh_token',
      client_id: 'pulse-portal',
      refresh_token: refreshToken ?? '',
    },
  })
  expect(again.status()).toBe(400)
  // The provider's own session has ended too: it asks for the password again.
  await signInButton(second).click()
  await expect(second.getByLabel('Password', { exact: true })).toBeVisible()
})

test('signing in again in one tab brings the others back to where they were', async ({
  page,
  context,
  api,
}) => {
  await page.goto('/')
  await fillForm(page, api.demo)
  await expect(overview(page)).toBeVisible()
  const second = await context.newPage()
  await second.goto('/devices?q=type:ups')
  await expect(second.getByRole('heading', { name: 'Devices' })).toBeVisible()
  await signOut(page)
  await expect(second.getByText('You were signed out in another window.')).toBeVisible()
  await signInButton(page).click()
  await fillForm(page, api.demo)
  await expect(overview(page)).toBeVisible()
  await expect(second.getByRole('heading', { name: 'Devices' })).toBeVisible()
  await expect(second).toHaveURL(/q=type/)
})

test('a token is renewed before its end, without a word', async ({ page, api }) => {
  await page.clock.install()
  await page.goto('/')
  await fillForm(page, api.demo)
  await expect(overview(page)).toBeVisible()
  const renewed = page.waitForResponse((answer) => answer.url().endsWith('/auth/token'))
  await page.clock.fastForward('04:01')
  expect((await renewed).ok()).toBe(true)
  await expect(overview(page)).toBeVisible()
})

test('a token that is refused is renewed once, and the page gets its data', async ({ portal }) => {
  provoked.set(portal, /401/)
  let refused = 0
  await portal.route('**/v1/devices?*', (route) => {
    if (refused++ > 0) return route.continue()
    return route.fulfill({ status: 401, json: ended })
  })
  await portal.goto('/devices')
  await expect(portal.locator('[data-row]').first()).toBeVisible()
  expect(refused).toBeGreaterThan(1)
})

const ended = {
  type: 'about:blank',
  title: 'You are not signed in, or not any more.',
  status: 401,
  code: 'registry.unauthenticated',
  remedy: 'Sign in again.',
  requestId: 'req-under-test',
}

test('what Pulse refuses again and again says why, and does not go to and fro', async ({
  page,
  api,
}) => {
  provoked.set(page, /401/)
  await page.goto('/')
  await fillForm(page, api.demo)
  await expect(overview(page)).toBeVisible()
  await page.route('**/v1/overview*', (route) => route.fulfill({ status: 401, json: ended }))
  await page.reload()
  await expect(page.getByText('Pulse did not accept the session.')).toBeVisible()
  await expect(page.getByText('not any more')).toBeVisible()
  await expect(page).toHaveURL(/\/sign-in/)
})

test('a session that has ended sends one to sign in, and back to where one was', async ({
  page,
  api,
}) => {
  provoked.set(page, /400/)
  await page.goto('/')
  await fillForm(page, api.demo)
  await expect(overview(page)).toBeVisible()
  await page.context().clearCookies()
  await page.evaluate(() => {
    // As after a while: the page that opens next may go on by itself.
    sessionStorage.removeItem('pulse.went-by-itself')
  })
  await page.route('**/auth/token', (route) =>
    route.fulfill({ status: 400, json: { error: 'invalid_grant' } }),
  )
  await page.goto('/devices?q=type:ups')
  await expect(page.getByLabel('Username')).toBeVisible()
  await page.unroute('**/auth/token')
  await fillForm(page, api.demo)
  await expect(page.getByRole('heading', { name: 'Devices' })).toBeVisible()
  await expect(page).toHaveURL(/q=type/)
})

test('an answer with another state, or none that is waited for, is refused', async ({ page }) => {
  await page.goto('/devices')
  await expect(page.getByLabel('Username')).toBeVisible()
  for (const query of ['code=x&state=forged', 'code=x', 'error=access_denied&state=forged']) {
    await page.goto(`/sign-in/callback?${query}`)
    await expect(page.getByRole('alert')).toContainText('portal.stray-sign-in')
    expect(await page.evaluate(() => localStorage.getItem('pulse.session'))).toBeNull()
  }
  expect(await findings(page)).toEqual([])
  await page.getByRole('link', { name: 'Begin again' }).click()
  await expect(signInButton(page)).toBeVisible()
})

test('an answer of another issuer is refused, though the state is right', async ({ page }) => {
  await page.goto('/devices')
  await expect(page.getByLabel('Username')).toBeVisible()
  // The provider's pages share the origin, and so the storage of the tab.
  const state = await page.evaluate(
    () => JSON.parse(sessionStorage.getItem('pulse.signing-in') ?? '{}').state as string,
  )
  await page.goto(`/sign-in/callback?code=x&state=${state}&iss=https%3A%2F%2Fevil.example`)
  await expect(page.getByRole('alert')).toContainText('portal.bad-sign-in')
  // It is used up: the right issuer cannot be tried with the same state.
  await page.goto(`/sign-in/callback?code=x&state=${state}`)
  await expect(page.getByRole('alert')).toContainText('portal.stray-sign-in')
})

test('an ID token for another sign-in is refused', async ({ page, api }) => {
  await page.goto('/devices')
  await expect(page.getByLabel('Username')).toBeVisible()
  await page.evaluate(() => {
    const begun = JSON.parse(sessionStorage.getItem('pulse.signing-in') ?? '{}')
    sessionStorage.setItem('pulse.signing-in', JSON.stringify({ ...begun, nonce: 'another' }))
  })
  await fillForm(page, api.demo)
  await expect(page.getByRole('alert')).toContainText('portal.bad-sign-in')
  expect(await page.evaluate(() => localStorage.getItem('pulse.session'))).toBeNull()
})

for (const to of [
  'https://evil.example/',
  '//evil.example/',
  '/\\evil.example/',
  'javascript:alert(1)',
  '/sign-in?to=/sign-in',
]) {
  test(`no link leads elsewhere after signing in: ${to}`, async ({ page, api }) => {
    await page.goto(`/sign-in?to=${encodeURIComponent(to)}`)
    await fillForm(page, api.demo)
    await expect(overview(page)).toBeVisible()
    expect(new URL(page.url()).href).toBe(`${api.demo.url}/`)
  })
}

test('a page under another name of the machine moves to the provider’s', async ({ page, api }) => {
  const other = api.demo.url.replace('127.0.0.1', 'localhost')
  await page.goto(`${other}/devices`)
  await expect(page).toHaveURL(new RegExp(`^${api.demo.url}/auth/`))
  await fillForm(page, api.demo)
  await expect(page).toHaveURL(`${api.demo.url}/devices`)
})

test('when the provider does not answer, it is said and can be tried again', async ({ page }) => {
  provoked.set(page, /ERR_|Failed to load/)
  await page.route('**/.well-known/openid-configuration', (route) => route.abort())
  await page.goto('/sign-in')
  await signInButton(page).click()
  await expect(page.getByRole('alert')).toContainText('portal.issuer-unreachable')
  await page.unroute('**/.well-known/openid-configuration')
  await signInButton(page).click()
  await expect(page.getByLabel('Username')).toBeVisible()
})

test('the account looks right in both themes', async ({ portal }) => {
  await looksRight(portal, { name: 'account', path: '/account' }, () =>
    expect(portal.getByRole('table', { name: 'Sign-ins' })).toContainText('this one'),
  )
})
