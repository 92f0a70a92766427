import { expect, findings, provoked, test } from './pulse.ts'

test('a wrong password is refused in words, and the right one leads to where one was going', async ({
  page,
  api,
}) => {
  provoked.set(page, /401/)
  await page.goto('/devices?q=status:online')
  await expect(page.getByRole('heading', { name: 'Sign in to Pulse' })).toBeVisible()
  expect(await findings(page)).toEqual([])

  await page.getByLabel('User name').fill(api.demo.username)
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText(/password/i)

  await page.getByLabel('Password', { exact: true }).fill(api.demo.password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Devices' })).toBeVisible()
  await expect(page).toHaveURL(/q=status/)
})

test('a link opened in a second tab does not ask to sign in again', async ({ portal, context }) => {
  await portal.goto('/')
  await expect(portal.getByRole('heading', { name: 'Overview' })).toBeVisible()
  const second = await context.newPage()
  await second.goto('/devices')
  await expect(second.getByRole('heading', { name: 'Devices' })).toBeVisible()
})

test('signing out ends the session and shows nothing any more', async ({ page, api }) => {
  const { username, password } = api.demo
  const own = await api.post<{ token: string }>('/v1/session', { username, password })
  await page.goto('/sign-in')
  await page.evaluate((token) => localStorage.setItem('pulse.token', token), own.token)
  await page.goto('/')
  await page.getByRole('button', { name: /signed in as/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in to Pulse' })).toBeVisible()
  await page.goto('/devices')
  await expect(page.getByRole('heading', { name: 'Sign in to Pulse' })).toBeVisible()
})

test('a session that has ended sends one to sign in, and back', async ({ page }) => {
  provoked.set(page, /401/)
  await page.goto('/sign-in')
  await page.evaluate(() => localStorage.setItem('pulse.token', 'ended'))
  await page.goto('/devices?q=type:ups')
  await expect(page.getByRole('heading', { name: 'Sign in to Pulse' })).toBeVisible()
  await expect(page).toHaveURL(/to=.*type/)
})
