import type { Page } from '@playwright/test'
import { expect, picture, settle, test } from './accounts.ts'
import { findings, looksRight } from './pulse.ts'

const KEY = `harbor-${Date.now().toString(36)}`
const MARKUP = `${KEY} <img src=x onerror=document.title=1>`
const REASON = 'Ticket 4711: the fans do not answer'
const dialog = (page: Page) => page.getByRole('dialog')
const row = (page: Page, text: string | RegExp) => page.getByRole('row').filter({ hasText: text })

test('the tenants look right in both themes, and lead to each', async ({ as }) => {
  const page = await as('operator')
  await looksRight(page, { name: 'operator-tenants', path: '/operator' }, () =>
    expect(row(page, 'Northwind Power')).toContainText('us-west-2'),
  )
  await expect(page.getByRole('banner')).not.toContainText('Northwind Power')
  await page.getByRole('button', { name: 'Devices', exact: true }).click()
  await expect(page).toHaveURL(/sort=-devices/)
  await expect(page.locator('[data-row]').first()).toContainText('Northwind Power')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/operator\/tenants\/demo/)
})

test('a tenant looks right in both themes', async ({ as }) => {
  const page = await as('operator')
  await looksRight(page, { name: 'operator-tenant', path: '/operator/tenants/demo' }, () =>
    expect(page.getByText(/\d+ of \d+ devices/)).toBeVisible(),
  )
  await page.getByRole('button', { name: 'Enter…' }).click()
  await expect(dialog(page).getByLabel('Reason')).toBeFocused()
  expect(await findings(page), 'axe on the dialog').toEqual([])
  await picture(page, 'operator-enter-light')
})

test('the area says whose it is to everybody else', async ({ as }) => {
  const page = await as('admin')
  for (const path of ['/operator', '/operator/tenants/demo', '/operator/audit']) {
    await page.goto(path)
    await expect(page.getByText('You are no operator')).toBeVisible()
  }
  await expect(page.getByRole('link', { name: 'Platform audit' })).toHaveCount(0)
})

test('a tenant is made with its first admin, suspended, resumed, given up and kept', async ({
  as,
}) => {
  const page = await as('operator')
  await page.goto('/operator')
  await page.getByRole('button', { name: 'Make a tenant' }).click()
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill(MARKUP)
  await dialog(page).getByRole('button', { name: 'Make the tenant' }).click()
  await expect(dialog(page)).toContainText('Give an e-mail address')
  await dialog(page).getByRole('textbox', { name: 'Key' }).fill(KEY)
  await dialog(page).getByLabel('Home region').selectOption('us-east-1')
  await dialog(page).getByLabel('E-mail address of its first admin').fill('it@harbor.example')
  await dialog(page).getByRole('button', { name: 'Make the tenant' }).click()
  const once = page.getByRole('region', { name: `The link for the first admin of ${MARKUP}` })
  await expect(once.locator('code')).toContainText('/invitation#')
  await expect(row(page, MARKUP)).toContainText('us-east-1')
  await once.getByRole('link', { name: `Open ${MARKUP}` }).click()
  await expect(page.getByRole('heading', { name: MARKUP })).toBeVisible()
  expect(await page.title()).toBe('Pulse')

  await page.getByRole('button', { name: 'Suspend…' }).click()
  const suspend = dialog(page).getByRole('button', { name: 'Suspend it' })
  await dialog(page).getByLabel('Reason').fill('short')
  await expect(suspend).toBeDisabled()
  await dialog(page).getByLabel('Reason').fill('The invoice is not paid')
  await suspend.click()
  await expect(page.getByRole('region', { name: 'Suspended' })).toContainText(
    'The invoice is not paid',
  )
  await page.getByRole('button', { name: 'Resume…' }).click()
  await dialog(page).getByLabel('Reason').fill('The invoice is paid')
  await dialog(page).getByRole('button', { name: 'Resume it' }).click()
  await expect(page.getByRole('region', { name: 'Suspended' })).toHaveCount(0)

  await page.getByRole('button', { name: 'More ▾' }).click()
  await page.getByRole('menuitem', { name: 'Delete whole…' }).click()
  const begin = dialog(page).getByRole('button', { name: 'Begin the deletion' })
  await dialog(page).getByLabel('Reason').fill('The contract has ended')
  await dialog(page).getByLabel(`Type ${KEY} to go on`).fill('harbour')
  await expect(begin).toBeDisabled()
  await dialog(page).getByLabel(`Type ${KEY} to go on`).fill(KEY)
  await picture(page, 'operator-delete-light')
  await begin.click()
  const leaving = page.getByRole('region', { name: 'Leaving' })
  await expect(leaving).toContainText('Will be deleted whole in 14 days.')
  await leaving.getByRole('button', { name: 'Keep it' }).click()
  await expect(leaving).toHaveCount(0)
  await expect(page.getByRole('main')).toContainText('Active')
})

test('entering takes a reason, shows who one is inside, and is listed for both sides', async ({
  as,
  callAs,
}) => {
  const page = await as('operator')
  await page.goto('/operator/tenants/demo')
  await page.getByRole('button', { name: 'Enter…' }).click()
  await dialog(page).getByRole('button', { name: 'Enter', exact: true }).click()
  await expect(dialog(page)).toContainText('Say why in 8 to 500 characters.')
  await dialog(page).getByLabel('Reason').fill(REASON)
  await dialog(page).getByLabel('For').selectOption('15')
  await dialog(page).getByRole('button', { name: 'Enter', exact: true }).click()
  const banner = page.getByRole('region', { name: 'Visiting a tenant' })
  await expect(banner).toContainText(REASON)
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible()
  await expect(page.getByRole('banner')).toContainText('Northwind Power')

  await page.goto('/operator/enterings')
  await expect(row(page, REASON)).toContainText('Inside, ends in 15 minutes')
  await page.getByRole('button', { name: /^End the entering of Robin Hale into demo/ }).click()
  await expect(row(page, REASON)).toHaveCount(0)
  await page.getByRole('button', { name: /^All \d/ }).click()
  await expect(row(page, REASON).first()).toContainText('Left after')
  await expect(banner).toHaveCount(0)

  const seen = (await callAs('admin')('GET', '/v1/enterings')) as {
    items: readonly { reason: string }[]
  }
  expect(seen.items.map(({ reason }) => reason)).toContain(REASON)
})

test('the enterings look right in both themes', async ({ as }) => {
  const page = await as('operator')
  await looksRight(
    page,
    { name: 'operator-enterings', path: '/operator/enterings?state=all' },
    () => expect(page.getByRole('main').getByRole('region').first()).toBeVisible(),
  )
})

test('somebody becomes an operator, and no longer is one; the last stays', async ({
  as,
  callAs,
}) => {
  const page = await as('operator')
  await looksRight(page, { name: 'operator-operators', path: '/operator/operators' }, () =>
    expect(row(page, 'Robin Hale')).toContainText('you'),
  )
  await page.getByRole('button', { name: 'Make an operator' }).click()
  await dialog(page).getByLabel('User name').fill('viewer')
  await dialog(page).getByLabel('Reason').fill('Stands in for a week')
  await dialog(page).getByRole('button', { name: 'Make an operator' }).click()
  await expect(row(page, 'Sam Reyes')).toBeVisible()
  try {
    await page.getByRole('button', { name: 'Take away the operator’s area from Sam Reyes' }).click()
    await dialog(page).getByLabel('Reason').fill('The week is over')
    await dialog(page).getByRole('button', { name: 'Take it away' }).click()
    await expect(row(page, 'Sam Reyes')).toHaveCount(0)
  } finally {
    const end = { username: 'viewer', operator: false, reason: 'After the test of it' }
    await settle(callAs('operator')('PATCH', '/v1/operator/operators', end))
  }
})

test('the audit of the platform shows what operators did', async ({ as }) => {
  const page = await as('operator')
  await looksRight(page, { name: 'operator-audit', path: '/operator/audit' }, () =>
    expect(row(page, /Tenant created/).first()).toBeVisible(),
  )
  await row(page, /Tenant entered/)
    .first()
    .click({ position: { x: 20, y: 12 } })
  await expect(page.getByRole('region', { name: 'The chosen entry' })).toContainText('reason')
})
