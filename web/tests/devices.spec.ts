import { readFileSync } from 'node:fs'
import { expect, test } from './pulse.ts'

const row = '[data-row]'

test.beforeEach(async ({ portal }) => {
  await portal.goto('/devices')
  await expect(portal.locator(row).first()).toBeVisible()
})

test('a facet narrows the list, the URL says so, and Back takes it back', async ({ portal }) => {
  const filters = portal.getByRole('complementary', { name: 'Filters' })
  await filters.getByRole('button', { name: /^UPS/ }).click()
  await expect(portal).toHaveURL(/q=type/)
  await expect(portal.locator(row).first()).toContainText('UPS')
  await expect(filters.getByRole('button', { name: /^UPS/ })).toHaveAttribute(
    'aria-pressed',
    'true',
  )
  // Its own group still offers the other values.
  await expect(filters.getByRole('button', { name: /Rack/ })).toBeVisible()
  await portal.goBack()
  await expect(portal).not.toHaveURL(/q=type/)
})

test('the query bar completes by keyboard and turns terms into chips', async ({ portal }) => {
  await portal.keyboard.press('/')
  const bar = portal.getByRole('combobox', { name: 'Search devices' })
  await expect(bar).toBeFocused()
  await portal.keyboard.type('sta')
  await portal.keyboard.press('Tab')
  await expect(bar).toHaveValue('status:')
  await portal.keyboard.type('on')
  await portal.keyboard.press('ArrowDown')
  await portal.keyboard.press('Enter')
  await expect(portal).toHaveURL(/status(:|%3A)online/)
  await expect(bar).toHaveValue('')
  await portal.getByRole('button', { name: 'Remove status:online' }).click()
  await expect(portal).not.toHaveURL(/status/)
})

test('what cannot be read is marked at its place and is not searched for', async ({ portal }) => {
  await portal.keyboard.press('/')
  await portal.keyboard.type('type:ups (site:x')
  await portal.keyboard.press('Enter')
  await expect(portal.getByRole('alert')).toContainText('a parenthesis is not closed')
  await expect(portal.getByRole('alert').locator('mark')).toHaveText('(site:x')
})

test('j and k move, Enter opens, and Escape comes back', async ({ portal }) => {
  const keys = await portal
    .locator(row)
    .evaluateAll((rows) => rows.map((each) => each.getAttribute('data-row')))
  await portal.keyboard.press('j')
  await portal.keyboard.press('j')
  await portal.keyboard.press('k')
  await expect(portal.locator(`[data-row="${keys[0]}"]`)).toHaveAttribute('aria-selected', 'true')
  await portal.keyboard.press('Enter')
  await expect(portal).toHaveURL(new RegExp(`/devices/${keys[0]}`))
  await portal.keyboard.press('Escape')
  await expect(portal.locator(row).first()).toBeVisible()
})

test('the palette finds a device and goes there', async ({ portal }) => {
  const key = await portal.locator(row).first().getAttribute('data-row')
  await portal.keyboard.press('Control+k')
  await expect(portal.getByRole('combobox', { name: /commands/ })).toBeFocused()
  await portal.keyboard.type(key ?? '')
  await expect(portal.getByRole('option', { name: new RegExp(key ?? '') }).first()).toBeVisible()
  await portal.keyboard.press('Enter')
  await expect(portal).toHaveURL(new RegExp(`/devices/${key}`))
})

test('? lists the keys of the page', async ({ portal }) => {
  await portal.keyboard.press('?')
  const list = portal.getByRole('dialog')
  await expect(list).toContainText('Next row')
  await expect(list).toContainText('Search devices')
})

test('rows are live: an age that had grown falls again', async ({ portal }) => {
  const ages = () =>
    portal
      .locator(`${row} time`)
      .evaluateAll((times) => times.map((each) => each.getAttribute('datetime')))
  const before = await ages()
  await expect.poll(async () => (await ages()).join() !== before.join()).toBe(true)
})

test('the export holds what is shown', async ({ portal }) => {
  const saved = portal.waitForEvent('download')
  await portal.getByRole('button', { name: 'Export' }).click()
  const text = readFileSync(await (await saved).path(), 'utf8')
  const [head, first] = text.split('\r\n')
  expect(head).toBe('Device,Status,Alerts,Last message,Reading,Firmware')
  expect(first).toContain((await portal.locator(row).first().getAttribute('data-row')) ?? 'a key')
})

test('a chosen column stays after a reload', async ({ portal }) => {
  await portal.getByRole('button', { name: 'Columns' }).click()
  await portal.getByRole('checkbox', { name: 'Site' }).check()
  await portal.goto('/devices')
  await expect(portal.getByRole('columnheader', { name: 'Site' })).toBeVisible()
})

test('a query that finds nothing offers the way back', async ({ portal }) => {
  await portal.goto('/devices?q=key:nothing-like-that')
  await expect(portal.getByText('No device matches')).toBeVisible()
  await portal.getByRole('button', { name: 'Clear the query' }).click()
  await expect(portal.locator(row).first()).toBeVisible()
})
