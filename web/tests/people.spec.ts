import type { Page } from '@playwright/test'
import { expect, picture, test } from './accounts.ts'
import { looksRight, provoked } from './pulse.ts'

interface Member {
  readonly person: string
  readonly username: string
  readonly role: string
  readonly active: boolean
}

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })
const dialog = (page: Page) => page.getByRole('dialog')
const toast = (page: Page, text: string | RegExp) =>
  page.getByRole('status').filter({ hasText: text })

async function memberOf(call: (method: string, path: string) => Promise<unknown>, name: string) {
  const { items } = (await call('GET', '/v1/members')) as { items: readonly Member[] }
  const found = items.find(({ username }) => username === name)
  if (!found) throw new Error(`no ${name}`)
  return found
}

test('the people look right in both themes, and one finds oneself', async ({ as }) => {
  const page = await as('admin')
  await looksRight(page, { name: 'people', path: '/people' }, () =>
    expect(row(page, 'Priya Nair')).toContainText('engineer@northwind.example'),
  )
  await expect(row(page, 'Morgan Ortiz')).toContainText('you')
  await expect(row(page, 'Priya Nair')).not.toContainText('you')
})

test('a role is changed by a menu, and the change is undone', async ({ as, callAs }) => {
  const page = await as('admin')
  const call = callAs('admin')
  await page.goto('/people')
  await page.getByRole('button', { name: 'change the role of Jordan Webb' }).click()
  await page.getByRole('menuitem', { name: /^Engineer/ }).click()
  await expect(row(page, 'Jordan Webb')).toContainText('Engineer')
  const said = toast(page, 'Jordan Webb is Engineer now, not Technician.')
  await expect(said).toBeVisible()
  expect((await memberOf(call, 'technician')).role).toBe('engineer')
  await said.getByRole('button', { name: 'Undo' }).click()
  await expect(row(page, 'Jordan Webb')).toContainText('Technician')
  await expect.poll(async () => (await memberOf(call, 'technician')).role).toBe('technician')
})

test('the last admin cannot step down, and reads why', async ({ as }) => {
  const page = await as('admin')
  provoked.set(page, /409/)
  await page.goto('/people')
  await page.getByRole('button', { name: 'change the role of Morgan Ortiz' }).click()
  await page.getByRole('menuitem', { name: /^Viewer/ }).click()
  await expect(dialog(page)).toContainText('Only another admin can give them back')
  await dialog(page).getByRole('button', { name: 'Become Viewer' }).click()
  await expect(dialog(page).getByRole('alert')).toContainText('registry.last-admin')
  await page.keyboard.press('Escape')
  await expect(row(page, 'Morgan Ortiz')).toContainText('Admin')
})

test('deactivating says what it does, ends the open session within seconds, and is taken back', async ({
  as,
  visitor,
}) => {
  const away = await visitor('technician')
  await away.goto('/devices')
  await expect(away.locator('[data-row]').first()).toBeVisible()

  const page = await as('admin')
  await page.goto('/people')
  await page.getByRole('button', { name: 'Actions for Jordan Webb' }).click()
  await page.getByRole('menuitem', { name: 'Deactivate…' }).click()
  await expect(dialog(page)).toContainText('Ends their open sessions in Northwind Power')
  await dialog(page).getByRole('button', { name: 'Deactivate', exact: true }).click()
  await expect(row(page, 'Jordan Webb')).toContainText('Deactivated')

  await expect(async () => {
    await away.reload()
    await expect(away.locator('[data-row]')).toHaveCount(0, { timeout: 500 })
    await expect(away.getByRole('heading', { level: 1 })).not.toHaveText('Devices', {
      timeout: 1000,
    })
  }).toPass({ timeout: 10_000 })

  await page.getByRole('button', { name: 'Actions for Jordan Webb' }).click()
  await page.getByRole('menuitem', { name: 'Activate' }).click()
  await expect(toast(page, 'Jordan Webb may come in again.')).toBeVisible()
  await expect(async () => {
    await away.goto('/devices')
    await expect(away.locator('[data-row]').first()).toBeVisible({ timeout: 2000 })
  }).toPass({ timeout: 15_000 })
})

test('removing asks for the name; an invitation, whose link is shown once, brings one back', async ({
  as,
  visitor,
}) => {
  const page = await as('admin')
  await page.goto('/people')
  await page.getByRole('button', { name: 'Actions for Jordan Webb' }).click()
  await page.getByRole('menuitem', { name: 'Remove from the tenant…' }).click()
  const remove = dialog(page).getByRole('button', { name: 'Remove' })
  await expect(remove).toBeDisabled()
  await dialog(page).getByLabel('Type technician to go on').fill('technician')
  await remove.click()
  await expect(row(page, 'Jordan Webb')).toHaveCount(0)

  await page.getByRole('link', { name: 'Invite a person' }).click()
  await dialog(page).getByLabel('E-mail address').fill('technician@')
  await dialog(page).getByRole('button', { name: 'Make the invitation' }).click()
  await expect(dialog(page)).toContainText('Give an e-mail address, such as ana@example.com.')
  await expect(dialog(page).getByLabel('E-mail address')).toBeFocused()
  await dialog(page).getByLabel('E-mail address').fill('technician@northwind.example')
  await dialog(page).getByLabel('Role in Northwind Power').selectOption('technician')
  await dialog(page).getByRole('button', { name: 'Make the invitation' }).click()
  const once = page.getByRole('region', { name: /The link for technician@/ })
  const link = (await once.locator('code').textContent()) ?? ''
  expect(link).toContain('/invitation#')
  await expect(row(page, 'technician@northwind.example')).toContainText('Open, ends in 3 days')
  await picture(page, 'invitation-made-light')
  await once.getByRole('button', { name: 'I have it' }).click()
  await expect(page.getByText(link)).toHaveCount(0)
  await page.reload()
  await expect(page.getByText('/invitation#')).toHaveCount(0)

  const invited = await visitor('technician')
  await invited.goto(link)
  await expect(invited.getByRole('heading', { name: 'Join Northwind Power' })).toBeVisible()
  await invited.getByRole('button', { name: /join|accept/i }).click()
  await expect(invited.getByRole('heading', { name: 'Overview' })).toBeVisible()
  await page.goto('/people')
  await expect(row(page, 'Jordan Webb')).toContainText('Technician')
  await expect(row(page, 'Jordan Webb')).toContainText('invitation')
})

test('the invitations look right, and one is withdrawn', async ({ as, callAs }) => {
  await callAs('admin')('POST', '/v1/invitations', {
    email: 'nobody@northwind.example',
    role: 'viewer',
    hours: 24,
  })
  const page = await as('admin')
  await looksRight(page, { name: 'invitations', path: '/people/invitations' }, () =>
    expect(row(page, 'nobody@northwind.example')).toContainText('Open, ends in 24 hours'),
  )
  await page.getByRole('button', { name: 'Withdraw the invitation of nobody@' }).click()
  await expect(dialog(page)).toContainText('Its link stops working at once.')
  await dialog(page).getByRole('button', { name: 'Withdraw it' }).click()
  await expect(row(page, 'nobody@northwind.example')).toHaveCount(0)
  await page.getByRole('button', { name: /^All \d/ }).click()
  await expect(page).toHaveURL(/state=all/)
  await expect(row(page, 'nobody@northwind.example')).toContainText('Withdrawn')
})

test('filters and the row with the cursor stay in the URL, and the keyboard is enough', async ({
  as,
}) => {
  const page = await as('admin')
  await page.goto('/people')
  await expect(row(page, 'Sam Reyes')).toBeVisible()
  await page.getByRole('button', { name: /^Viewer \d/ }).click()
  await expect(page).toHaveURL(/role=viewer/)
  await expect(row(page, 'Priya Nair')).toHaveCount(0)
  await page.getByRole('button', { name: 'Everybody' }).click()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await expect(page).toHaveURL(/at=pe_/)
  await page.keyboard.press('/')
  await page.keyboard.type('priya')
  await expect(row(page, 'Sam Reyes')).toHaveCount(0)
  await page.reload()
  await expect(page.getByLabel('Search people')).toHaveValue('priya')
  await expect(row(page, 'Priya Nair')).toBeVisible()
  await expect(row(page, 'Sam Reyes')).toHaveCount(0)
})

test('an engineer sees people and changes nothing', async ({ as }) => {
  const page = await as('engineer')
  await page.goto('/people?tenant=demo')
  await expect(row(page, 'Morgan Ortiz')).toContainText('Admin')
  await expect(page.getByRole('button', { name: /change the role/ })).toHaveCount(0)
  await expect(page.getByRole('button', { name: /^Actions for/ })).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'Invite a person' })).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'API keys' })).toHaveCount(0)
})

for (const [what, path, permission] of [
  ['people', '/people', 'member.read'],
  ['API keys', '/people/keys', 'key.read'],
  ['the audit', '/audit', 'audit.read'],
] as const) {
  test(`a viewer who opens ${what} reads what is missing instead of an empty page`, async ({
    as,
  }) => {
    const page = await as('viewer')
    await page.goto(path)
    await expect(page.getByText('Your role does not include this')).toBeVisible()
    await expect(page.getByText(permission)).toBeVisible()
    await expect(page.getByText('You are a viewer in Northwind Power.')).toBeVisible()
  })
}

test('the menu of a viewer leaves out what they may not read', async ({ as }) => {
  const page = await as('viewer')
  await page.goto('/tenant')
  const rail = page.getByRole('navigation', { name: 'Modules' })
  await expect(rail.getByRole('link', { name: 'Tenant' })).toBeVisible()
  await expect(rail.getByRole('link', { name: 'Audit' })).toHaveCount(0)
  await expect(rail.getByRole('link', { name: 'People and keys' })).toHaveCount(0)
  await expect(rail.getByRole('link', { name: 'Operators' })).toHaveCount(0)
})

test('people and audit fit a phone', async ({ as }) => {
  const page = await as('admin')
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of [
    '/people',
    '/people/invitations',
    '/people/roles',
    '/people/keys',
    '/audit',
  ]) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.getByRole('main').getByRole('region').first()).toBeVisible()
    await expect(page.locator('[aria-busy]')).toHaveCount(0)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(wide, path).toBeLessThanOrEqual(390)
  }
})
