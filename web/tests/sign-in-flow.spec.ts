import type { Page } from '@playwright/test'
import type { SignInFacts } from '@pulse/contract'
import { fillForm } from './portal-session.ts'
import { type Demo, expect, provoked, test } from './pulse.ts'

/**
 * What a person does at the sign-in of any issuer: `npm test` runs it with Pulse's own provider,
 * `npm run test:counterparts` with Keycloak.
 */

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 })

/** Somebody of the demo tenant whom the issuer knows. */
function whoOf(demo: Demo) {
  const { PULSE_TEST_USERNAME: username, PULSE_TEST_PASSWORD: password } = process.env
  return username && password
    ? { username, password }
    : { username: demo.username, password: demo.password }
}

async function issuerOf(page: Page) {
  const facts = (await (await page.request.get('/v1/sign-in')).json()) as SignInFacts
  const known = await page.request.get(`${facts.issuer}/.well-known/openid-configuration`)
  const { token_endpoint: token } = (await known.json()) as { token_endpoint: string }
  return { shows: (url: URL) => url.href.startsWith(`${facts.issuer}/`), token }
}

async function signOut(page: Page) {
  await page.getByRole('button', { name: /signed in as/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
}

/** Signs in, but for the portal's own part: the address with which the issuer sends one back. */
async function bringCallback(page: Page, demo: Demo): Promise<URL> {
  await page.goto('/devices')
  await expect(page.getByLabel('Username')).toBeVisible()
  // Without its script the page that takes the answer does nothing with it.
  const scripts = `${demo.url}/assets/*.js`
  await page.route(scripts, (route) => route.fulfill({ contentType: 'text/javascript', body: '' }))
  await fillForm(page, whoOf(demo))
  await page.waitForURL('**/sign-in/callback?*')
  await page.unroute(scripts)
  return new URL(page.url())
}

test('one signs in on the issuer’s page, and is led to where one was going', async ({
  page,
  api,
}) => {
  provoked.set(page, /40[13]/)
  const issuer = await issuerOf(page)
  await page.goto('/devices?q=type:ups')
  await expect(page).toHaveURL(issuer.shows)
  await fillForm(page, { ...whoOf(api.demo), password: 'not the password' })
  await expect(page.getByText(/password is wrong|Invalid username or password/)).toBeVisible()
  await expect(page).toHaveURL(issuer.shows)
  await fillForm(page, whoOf(api.demo))
  await expect(heading(page, 'Devices')).toBeVisible()
  await expect(page).toHaveURL(/\/devices\?q=type/)
  await expect(page.locator('[data-row]').first()).toBeVisible()
})

test('a reload and a second tab are signed in without a word of the issuer', async ({
  page,
  context,
  api,
}) => {
  await page.goto('/devices')
  await fillForm(page, whoOf(api.demo))
  await expect(heading(page, 'Devices')).toBeVisible()
  await page.reload()
  await expect(heading(page, 'Devices')).toBeVisible()
  const second = await context.newPage()
  await second.goto('/alerts')
  await expect(heading(second, 'Alerts')).toBeVisible()
})

test('a token is renewed before it ends', async ({ page, api }) => {
  const { token } = await issuerOf(page)
  await page.clock.install()
  await page.goto('/devices')
  await fillForm(page, whoOf(api.demo))
  await expect(heading(page, 'Devices')).toBeVisible()
  const renewed = page.waitForResponse((answer) => answer.url() === token)
  await page.clock.fastForward('04:01')
  expect((await renewed).status()).toBe(200)
})

test('a sign-out ends every tab, the tokens, and the session at the issuer', async ({
  page,
  context,
  api,
}) => {
  const issuer = await issuerOf(page)
  const given = page.waitForResponse((answer) => answer.url() === issuer.token)
  await page.goto('/devices')
  await fillForm(page, whoOf(api.demo))
  const tokens = (await (await given).json()) as Record<string, string>
  await expect(heading(page, 'Devices')).toBeVisible()
  const second = await context.newPage()
  await second.goto('/alerts')
  await expect(heading(second, 'Alerts')).toBeVisible()

  await signOut(page)
  await expect(page.getByText('You are signed out')).toBeVisible()
  await expect(page).toHaveURL(/\/sign-in/)
  await expect(second.getByText('You were signed out in another window.')).toBeVisible()
  const form = {
    grant_type: 'refresh_token',
    client_id: 'pulse-portal',
    refresh_token: tokens['refresh_token'] ?? '',
  }
  expect((await page.request.post(issuer.token, { form })).status()).toBe(400)
  const headers = { authorization: `Bearer ${tokens['access_token']}` }
  await expect
    .poll(async () => (await page.request.get('/v1/session', { headers })).status())
    .toBe(401)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByLabel('Password', { exact: true })).toBeVisible()
})

test('an answer is taken from the right issuer only, with the right state, once', async ({
  page,
  api,
}) => {
  const callback = await bringCallback(page, api.demo)
  const changed = (name: string, value: string) => {
    const url = new URL(callback)
    url.searchParams.set(name, value)
    return url.href
  }
  await page.goto(changed('state', 'forged'))
  await expect(page.getByRole('alert')).toContainText('portal.stray-sign-in')
  await page.goto(changed('iss', 'https://evil.example'))
  await expect(page.getByRole('alert')).toContainText('portal.bad-sign-in')
  await page.goto(callback.href)
  await expect(page.getByRole('alert')).toContainText('portal.stray-sign-in')
  expect(await page.evaluate(() => localStorage.getItem('pulse.session'))).toBeNull()
})

test('a code that somebody else was given is of no use', async ({ page, browser, api }) => {
  provoked.set(page, /400/)
  const context = await browser.newContext({ baseURL: api.demo.url })
  const stolen = await bringCallback(await context.newPage(), api.demo)
  await context.close()
  const mine = await bringCallback(page, api.demo)
  mine.searchParams.set('code', stolen.searchParams.get('code') ?? '')
  await page.goto(mine.href)
  await expect(page.getByRole('alert')).toContainText('portal.code-refused')
  expect(await page.evaluate(() => localStorage.getItem('pulse.session'))).toBeNull()
})
