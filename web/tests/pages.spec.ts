import { expect, looksRight, test } from './pulse.ts'

test('the overview looks right in both themes', async ({ portal }) => {
  await looksRight(portal, { name: 'overview', path: '/' }, async () => {
    await expect(portal.getByRole('heading', { name: 'Now' })).toBeVisible()
    await expect(portal.getByRole('link', { name: /devices,.*online/ }).first()).toBeVisible()
    await expect(portal.getByText('msg/s')).toBeVisible()
  })
})

test('the devices page looks right in both themes', async ({ portal }) => {
  await looksRight(portal, { name: 'devices', path: '/devices' }, async () => {
    await expect(portal.locator('[data-row]').first()).toBeVisible()
    await expect(portal.locator('[data-row] svg.spark').first()).toBeVisible()
  })
})

test('the sign-in page looks right in both themes', async ({ page }) => {
  await looksRight(page, { name: 'sign-in', path: '/sign-in' }, () =>
    expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible(),
  )
})

test('a mistyped address says so', async ({ portal }) => {
  await looksRight(portal, { name: 'missing', path: '/nowhere' }, () =>
    expect(portal.getByText('There is no such page')).toBeVisible(),
  )
})

for (const [name, path] of [
  ['overview', '/'],
  ['devices', '/devices'],
  ['alerts', '/alerts'],
] as const) {
  test(`${name} works on a phone`, async ({ portal }) => {
    await portal.setViewportSize({ width: 390, height: 844 })
    await looksRight(portal, { name: `${name}-phone`, path }, () =>
      expect(portal.getByRole('heading', { level: 1 })).toBeVisible(),
    )
    const wide = await portal.evaluate(() => document.documentElement.scrollWidth)
    expect(wide).toBeLessThanOrEqual(390)
    await portal.getByRole('button', { name: 'Open the menu' }).click()
    await portal.getByRole('dialog').getByRole('link', { name: 'Deliveries' }).click()
    await expect(portal.getByRole('heading', { name: 'Deliveries' })).toBeVisible()
  })
}
