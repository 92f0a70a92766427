import type { Page } from '@playwright/test'
import { fillForm } from './portal-session.ts'
import { type Api, accountOf, apiOf, expect, looksRight, provoked, test } from './pulse.ts'

const NORTHWIND = 'Northwind Power'
const CONTOSO = 'Contoso Water'

const menu = (page: Page) => page.getByTitle('Switch to another tenant')

/** Opens a page as the engineer, who belongs to both tenants. */
async function asEngineer(page: Page, api: Api, path: string) {
  await page.goto(path)
  await fillForm(page, accountOf(api.demo, 'engineer'))
  await expect(menu(page)).toBeVisible()
}

test('the menu of tenants names them with one’s role, and the keyboard switches', async ({
  page,
  api,
}) => {
  await asEngineer(page, api, '/devices')
  await expect(menu(page)).toContainText(NORTHWIND)
  await expect(page.locator('[data-row="ups-0041"]')).toBeVisible()
  await menu(page).focus()
  await page.keyboard.press('Enter')
  const entry = page.getByRole('menuitem', { name: CONTOSO })
  await expect(entry).toContainText('viewer')
  await expect(page.getByRole('menuitem', { name: NORTHWIND })).toHaveAttribute('aria-current')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(menu(page)).toContainText(CONTOSO)
  await expect(page).toHaveURL(/tenant=demo-2/)
  await page.getByRole('link', { name: /^Devices/ }).click()
  await expect(page.locator('[data-row="pump-north"]')).toBeVisible()
  await expect(page.locator('[data-row="ups-0041"]')).toHaveCount(0)
  await expect(page).toHaveURL(/\/devices\?.*tenant=demo-2/)
})

test('a switch takes the live stream along and leaves nothing of the other tenant', async ({
  page,
  api,
}) => {
  await asEngineer(page, api, '/')
  await expect(page.getByText('msg/s')).toBeVisible()
  const live = page.waitForRequest('**/v1/live*')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox', { name: /Search devices/ })).toBeFocused()
  await page.keyboard.type('switch to contoso')
  await page.keyboard.press('Enter')
  expect((await live).headers()['pulse-tenant']).toBe('demo-2')
  const asked: string[] = []
  page.on('request', (request) => {
    const tenant = request.headers()['pulse-tenant']
    if (tenant) asked.push(tenant)
  })
  await expect(page.getByText('0 sites · 2 devices')).toBeVisible()
  await expect(page.getByText('ups-0041')).toHaveCount(0)
  await page.getByRole('link', { name: /^Devices/ }).click()
  await expect(page.locator('[data-row="pump-north"]')).toBeVisible()
  expect(new Set(asked)).toEqual(new Set(['demo-2']))
})

test('a link opens in its tenant, two tabs stay in two, and Back goes back', async ({
  page,
  api,
  context,
}) => {
  await asEngineer(page, api, '/devices?q=type:ups')
  await expect(page).toHaveURL(/tenant=demo(?!-)/)
  const link = page.url()
  await menu(page).click()
  await page.getByRole('menuitem', { name: CONTOSO }).click()
  await expect(menu(page)).toContainText(CONTOSO)

  const second = await context.newPage()
  await second.goto(link)
  await expect(menu(second)).toContainText(NORTHWIND)
  await expect(second.locator('[data-row="ups-0041"]')).toBeVisible()
  await page.reload()
  await expect(menu(page)).toContainText(CONTOSO)

  await page.goBack()
  await expect(menu(page)).toContainText(NORTHWIND)
  await expect(page.locator('[data-row="ups-0041"]')).toBeVisible()
})

test('who has one tenant has no menu of tenants, and links that do not name it', async ({
  portal,
}) => {
  await portal.goto('/devices?tenant=demo')
  await expect(portal.locator('[data-row]').first()).toBeVisible()
  await expect(portal).toHaveURL(/\/devices$/)
  await expect(portal.getByText(NORTHWIND)).toBeVisible()
  await expect(menu(portal)).toHaveCount(0)
})

test('a link to a tenant of others says so and shows nothing of it', async ({ portal }) => {
  provoked.set(portal, /40[0-9]/)
  await looksRight(portal, { name: 'not-your-tenant', path: '/devices?tenant=demo-2' }, () =>
    expect(portal.getByText('This link is for the tenant demo-2')).toBeVisible(),
  )
  await expect(portal.locator('[data-row]')).toHaveCount(0)
  await portal.getByRole('button', { name: `To ${NORTHWIND}` }).click()
  await expect(portal.getByRole('heading', { name: 'Overview' })).toBeVisible()
  await expect(portal).toHaveURL(/\/$/)
})

test('who belongs to no tenant is told what to do', async ({ page, api }) => {
  await page.goto('/')
  await fillForm(page, accountOf(api.demo, 'operator'))
  await expect(page.getByText('you belong to no tenant')).toBeVisible()
  await looksRight(page, { name: 'no-tenant', path: '/devices' }, () =>
    expect(page.getByText('you belong to no tenant')).toBeVisible(),
  )
  await page.getByRole('button', { name: 'To the operator’s area' }).click()
  await expect(page).toHaveURL(/\/operator/)
})

test('an operator’s stay says why and how long on every page, and can be left', async ({
  page,
  api,
}) => {
  provoked.set(page, /40[0-9]/)
  const who = accountOf(api.demo, 'operator')
  const reason = 'A ticket asks why <img src=x onerror=alert(1)> is dark'
  await apiOf(api.demo, who).post('/v1/operator/tenants/demo-2/enter', { reason, minutes: 5 })
  await page.goto('/devices')
  await fillForm(page, who)
  const banner = page.getByRole('region', { name: 'Visiting a tenant' })
  await expect(banner).toContainText(`You are in ${CONTOSO} as an operator.`)
  await expect(banner).toContainText(reason)
  await expect(banner).toContainText(/4 min left/)
  await looksRight(page, { name: 'visiting', path: '/devices' }, () =>
    expect(page.locator('[data-row="pump-north"]')).toBeVisible(),
  )
  await banner.getByRole('button', { name: 'Leave' }).click()
  await expect(page).toHaveURL(/\/operator/)
  await expect(banner).toHaveCount(0)
  await page.goto('/devices')
  await expect(page.getByText('you belong to no tenant')).toBeVisible()
})

test('a suspended tenant says what still works', async ({ page, api }) => {
  const operator = apiOf(api.demo, accountOf(api.demo, 'operator'))
  const reason = 'The bill of October is open'
  await operator.post('/v1/operator/tenants/demo-2/suspend', { reason })
  try {
    await asEngineer(page, api, '/devices?tenant=demo-2')
    await expect(page.getByText(`${CONTOSO} is suspended.`)).toBeVisible()
    await looksRight(page, { name: 'suspended', path: '/devices?tenant=demo-2' }, () =>
      expect(page.locator('[data-row="pump-north"]')).toBeVisible(),
    )
  } finally {
    await operator.post('/v1/operator/tenants/demo-2/resume', { reason })
  }
})
