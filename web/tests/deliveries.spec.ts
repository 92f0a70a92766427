import type { Page } from '@playwright/test'
import { benchDevice, overheat } from './bench-device.ts'
import { expect, looksRight, test } from './pulse.ts'

let device = ''

test.beforeAll(async ({ api }) => {
  const ups = await benchDevice(api, { name: 'Delivered <i>UPS</i>' })
  device = ups.key
  await overheat(ups)
  for (let round = 0; round < 100; round++) {
    const { items } = await api.get<{ items: { state: string }[] }>(
      `/v1/deliveries?device=${device}`,
    )
    if (items[0]?.state === 'delivered') return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('nothing was delivered')
})

const firstRow = (page: Page) => page.locator('[data-row]').first()

test('the deliveries look right in both themes', async ({ portal }) => {
  await looksRight(portal, { name: 'deliveries', path: '/deliveries' }, () =>
    expect(firstRow(portal)).toBeVisible(),
  )
})

test('a delivery shows its attempts and body beside, by URL, also after a reload', async ({
  portal,
}) => {
  await portal.goto(`/deliveries?device=${device}`)
  await firstRow(portal).click({ position: { x: 20, y: 10 } })
  await expect(portal).toHaveURL(/at=dl_/)
  await portal.reload()
  const story = portal.getByRole('article')
  await expect(story).toContainText('204')
  await expect(story).toContainText(/\d ms/)
  await expect(story).toContainText('"type": "rules.alert-opened"')
  await expect(story).toContainText('Delivered <i>UPS</i>')
  await portal.keyboard.press('Escape')
  await expect(portal).not.toHaveURL(/at=dl_/)
})

test('a delivery has a page of its own', async ({ portal, api }) => {
  const { items } = await api.get<{ items: { id: string }[] }>(`/v1/deliveries?device=${device}`)
  const id = items[0]?.id
  await looksRight(portal, { name: 'delivery', path: `/deliveries/${id}` }, () =>
    expect(portal.getByText('Attempts')).toBeVisible(),
  )
  await portal.getByRole('link', { name: 'alert opened' }).click()
  await expect(portal).toHaveURL(/\/alerts\/al_/)
})

test('a state narrows the list and stays in the URL', async ({ portal }) => {
  await portal.goto('/deliveries')
  await portal.getByRole('button', { name: /^Delivered \d/ }).click()
  await expect(portal).toHaveURL(/state=delivered/)
  await portal.reload()
  await expect(portal.getByRole('button', { name: /^Delivered \d/ })).toHaveAttribute(
    'aria-pressed',
    'true',
  )
  await expect(firstRow(portal)).toContainText('Delivered')
})

test('the dead letters say what they are when there are none', async ({ portal }) => {
  await looksRight(portal, { name: 'dead-letters', path: '/deliveries?state=dead' }, () =>
    expect(portal.getByText('No dead letters')).toBeVisible(),
  )
})

test('a dead letter is replayed, and the page says what that did', async ({ portal, api }) => {
  const { items } = await api.get<{ items: { id: string }[] }>(`/v1/deliveries?device=${device}`)
  const id = items[0]?.id
  // A delivery dies after ten hours of attempts: the server's own answer, told as dead.
  await portal.route(`**/v1/deliveries/${id}`, async (route) => {
    const body = await api.get<object>(`/v1/deliveries/${id}`)
    const dead = { state: 'dead', attempts: 8, lastStatus: null, lastError: 'connection refused' }
    await route.fulfill({ json: { ...body, ...dead } })
  })
  const asked: string[] = []
  await portal.route('**/replay', async (route) => {
    asked.push(route.request().url())
    const { items: again } = await api.get<{ items: object[] }>(`/v1/deliveries?device=${device}`)
    await route.fulfill({ json: { ...again[0], state: 'queued' } })
  })
  await portal.goto(`/deliveries/${id}`)
  await portal.getByRole('button', { name: 'Replay' }).click()
  await expect(portal.getByRole('status').filter({ hasText: 'Replayed:' })).toContainText(
    'under the same webhook-id',
  )
  expect(asked).toHaveLength(1)
})

test('older deliveries come page by page', async ({ portal }) => {
  // The same server with pages of two, so that the demo's deliveries fill several.
  await portal.route('**/v1/deliveries?*', (route) =>
    route.continue({ url: route.request().url().replace('limit=100', 'limit=2') }),
  )
  await portal.goto('/deliveries?state=delivered')
  const rows = portal.locator('[data-row]')
  await expect(rows).toHaveCount(2)
  await portal.getByRole('button', { name: 'Show older' }).click()
  await expect(rows).toHaveCount(4)
  const keys = await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-row')))
  expect(new Set(keys).size).toBe(4)
})
