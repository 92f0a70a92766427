import { createHmac } from 'node:crypto'
import type { Page } from '@playwright/test'
import { fillForm } from './portal-session.ts'
import { accountOf, expect, looksRight, provoked, test } from './pulse.ts'

const SCRIPT = '<img src=x onerror="window.hacked=true">'
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** What an authenticator shows for a base32 key. */
function codeOf(key: string, now = Date.now()): string {
  const bits = [...key].map((each) => ALPHABET.indexOf(each).toString(2).padStart(5, '0')).join('')
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)))
  const hash = createHmac('sha1', Buffer.from(bytes)).update(step).digest()
  const at = (hash.at(-1) ?? 0) & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const hacked = (page: Page) => page.evaluate(() => 'hacked' in window)

interface Invited {
  readonly token: string
  readonly id: string
}

test('from an invitation to an account, with markup in every name', async ({ page, api }) => {
  const email = `new-${Date.now()}@example.com`
  const role = `role-${Date.now().toString(36)}`
  await api.put(`/v1/roles/${role}`, { name: SCRIPT, permissions: ['device.read', 'session.own'] })
  const { token } = await api.post<Invited>('/v1/invitations', { email, role })

  await looksRight(page, { name: 'invitation', path: `/invitation#${token}` }, () =>
    expect(page.getByRole('heading', { name: 'Join Northwind Power' })).toBeVisible(),
  )
  await expect(page.getByText(email)).toBeVisible()
  await page.getByRole('button', { name: 'Make an account' }).click()
  await page.getByLabel('Your name').fill(SCRIPT)
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery')
  await page.getByLabel('Password again').fill('correct horse battery')
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.goto('/account')
  await fillForm(page, { username: email, password: 'correct horse battery' })

  await expect(page.getByRole('heading', { name: 'Account' })).toBeVisible()
  await expect(page.getByRole('definition').filter({ hasText: SCRIPT })).toBeVisible()
  await page.getByRole('button', { name: /signed in as/ }).click()
  await expect(page.getByRole('menu')).toContainText(SCRIPT)
  expect(await hacked(page)).toBe(false)
})

test('an invitation is taken by who is signed in with its address only', async ({ page, api }) => {
  provoked.set(page, /40[0-9]/)
  const email = `other-${Date.now()}@example.com`
  const { token } = await api.post<Invited>('/v1/invitations', { email, role: 'viewer' })
  await page.goto(`/invitation#${token}`)
  await page.getByRole('button', { name: 'I have an account: sign in' }).click()
  await fillForm(page, accountOf(api.demo, 'viewer'))
  await expect(page.getByText('You are signed in as Sam Reyes.')).toBeVisible()
  await page.getByRole('button', { name: 'Accept' }).click()
  await expect(page.getByRole('alert')).toContainText(/registry\./)
})

test('a link that is no invitation says so', async ({ page }) => {
  provoked.set(page, /404/)
  await page.goto('/invitation')
  await expect(page.getByRole('alert')).toContainText('portal.no-invitation')
  await page.goto('/invitation#not-a-token')
  await page.reload()
  await expect(page.getByRole('alert')).toContainText('registry.unknown-invitation')
})

test('password and second factor are changed, and asked for from then on', async ({
  page,
  api,
  browser,
}) => {
  provoked.set(page, /40[0-9]/)
  const { username, password } = accountOf(api.demo, 'technician')
  await page.goto('/account')
  await fillForm(page, { username, password })
  await expect(page.getByRole('heading', { name: 'Account' })).toBeVisible()

  const other = await browser.newContext({ baseURL: api.demo.url })
  const elsewhere = await other.newPage()
  await elsewhere.goto('/devices')
  await fillForm(elsewhere, { username, password })
  await expect(elsewhere.getByRole('heading', { name: 'Devices' })).toBeVisible()

  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByText('Type your password.')).toBeVisible()
  await expect(page.getByLabel('Your password now')).toBeFocused()
  await page.getByLabel('Your password now').fill('wrong')
  await page.getByLabel('New password').fill('too short')
  await expect(page.getByText('Needs at least 12 characters.')).toBeVisible()
  await page.getByLabel('New password').fill('a longer sentence')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByRole('alert')).toContainText(/registry\./)
  await page.getByLabel('Your password now').fill(password)
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByText('Your password is changed.')).toBeVisible()

  // The other browser is signed out: its next request finds that its sign-in has ended.
  await elsewhere.reload()
  await expect(elsewhere.getByText('Your session has ended.')).toBeVisible()
  await other.close()

  await page.getByRole('button', { name: 'Set up an authenticator' }).click()
  await expect(page.getByRole('img', { name: 'QR code of the new second factor' })).toBeVisible()
  const key = (await page.locator('code').first().textContent()) ?? ''
  await page.getByLabel('Code that it shows now').fill('000000')
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await expect(page.getByRole('alert')).toContainText(/registry\./)
  await page.screenshot({ path: 'screenshots/second-factor-light.png' })
  const code = codeOf(key)
  await page.getByLabel('Code that it shows now').fill(code)
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await expect(page.getByText('on: signing in asks for a code too')).toBeVisible()

  // A code works once: the next sign-in needs the next one, which the clock of the server allows.
  await page.getByRole('button', { name: 'Turn it off…' }).click()
  await page
    .getByLabel('Code that your authenticator shows now')
    .fill(codeOf(key, Date.now() + 30_000))
  await page.getByRole('button', { name: 'Turn it off' }).click()
  await expect(page.getByText('off', { exact: true })).toBeVisible()

  // Back to the password that demo.json says.
  await page.getByLabel('Your password now').fill('a longer sentence')
  await page.getByLabel('New password').fill(password)
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByLabel('Your password now')).toHaveValue('')
})

test('another browser’s sign-in is listed and ended from here', async ({ page, api, browser }) => {
  const who = accountOf(api.demo, 'engineer')
  const other = await browser.newContext({ baseURL: api.demo.url })
  const elsewhere = await other.newPage()
  await elsewhere.goto('/devices')
  await fillForm(elsewhere, who)
  await expect(elsewhere.getByRole('heading', { name: 'Devices' })).toBeVisible()
  await page.goto('/account')
  await fillForm(page, who)
  const rows = page.getByRole('table', { name: 'Sign-ins' }).locator('[data-row]')
  await expect(rows.filter({ hasText: 'this one' })).toHaveCount(1)
  for (const end of await page.getByRole('button', { name: /^End the sign-in/ }).all()) {
    await end.click()
  }
  await expect(rows).toHaveCount(1)
  // Within seconds, without a reload: the live stream ends and the next token is refused.
  await expect(elsewhere.getByText('Your session has ended.')).toBeVisible({ timeout: 15_000 })
  await other.close()
})

test('people of another identity provider are sent there', async ({ portal }) => {
  await portal.route('**/v1/sign-in', (route) =>
    route.fulfill({
      json: {
        issuer: 'https://login.example.com/tenant',
        clientId: 'pulse',
        scope: 'openid',
        embedded: false,
      },
    }),
  )
  await looksRight(portal, { name: 'account-elsewhere', path: '/account' }, () =>
    expect(portal.getByRole('link', { name: 'login.example.com' })).toBeVisible(),
  )
  await expect(portal.getByLabel('New password')).toHaveCount(0)
})
