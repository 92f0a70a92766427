import { type BenchDevice, benchDevice, overheat } from './bench-device.ts'
import { type Api, expect, looksRight, provoked, test } from './pulse.ts'

let first: BenchDevice
let second: BenchDevice

test.beforeAll(async ({ api }) => {
  first = await benchDevice(api, { name: 'Alerts <b>one</b>' })
  second = await benchDevice(api, { name: 'Alerts two' })
  await overheat(first)
  await overheat(second)
  await alertOf(api, first)
  await alertOf(api, second)
})

async function alertOf(api: Api, device: BenchDevice): Promise<{ id: string; state: string }> {
  const path = `/v1/alerts?state=active&device=${device.key}`
  for (let round = 0; round < 100; round++) {
    const { items } = await api.get<{ items: { id: string; state: string }[] }>(path)
    if (items[0]) return items[0]
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`no alert of ${device.key} opened`)
}

test('the alerts look right in both themes', async ({ portal }) => {
  await looksRight(portal, { name: 'alerts', path: '/alerts' }, async () => {
    await expect(portal.locator('[data-row]').first()).toBeVisible()
    await expect(portal.getByRole('heading', { name: 'What happened' })).toBeVisible()
    await expect(portal.locator('.uplot canvas')).toBeVisible()
  })
})

test('alerts are grouped by site, and a name with markup is text', async ({ portal }) => {
  await portal.goto('/alerts')
  await expect(portal.getByText(/Reno 1\d* alerts · since/)).toBeVisible()
  await expect(portal.getByRole('link', { name: 'Alerts <b>one</b>' }).first()).toBeVisible()
})

test('the chosen alert is in the URL and tells its story after a reload', async ({
  portal,
  api,
}) => {
  const { id } = await alertOf(api, second)
  await portal.goto('/alerts')
  await portal.locator(`[data-row="${id}"]`).click({ position: { x: 20, y: 10 } })
  await expect(portal).toHaveURL(new RegExp(`at=${id}`))
  await portal.reload()
  const story = portal.getByRole('article')
  await expect(story).toHaveAccessibleName('Alerts two UPS overheats')
  await expect(story).toContainText(/internalTempC is above 36/)
  await expect(story).toContainText(/delivered in/)
  await expect(story).toContainText('The first time in 90 days')
})

test('j and k move, e explains, Enter opens, Esc comes back', async ({ portal }) => {
  await portal.goto('/alerts')
  const rows = portal.locator('[data-row]')
  await expect(rows.nth(1)).toBeVisible()
  const keys = await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-row')))
  await portal.keyboard.press('j')
  await expect(portal).toHaveURL(new RegExp(`at=${keys[1]}`))
  await portal.keyboard.press('k')
  await expect(portal).toHaveURL(new RegExp(`at=${keys[0]}`))
  await portal.keyboard.press('e')
  await expect(portal.getByRole('heading', { name: 'What happened' })).toBeFocused()
  await portal.keyboard.press('Enter')
  await expect(portal).toHaveURL(new RegExp(`/alerts/${keys[0]}`))
  await expect(portal.getByRole('heading', { level: 1, name: /·/ })).toBeVisible()
  await portal.keyboard.press('Escape')
  await expect(portal).toHaveURL(/\/alerts$/)
})

test('a acknowledges at once, and the server knows', async ({ portal, api }) => {
  const { id } = await alertOf(api, first)
  await portal.goto(`/alerts?at=${id}`)
  const story = portal.getByRole('article')
  await expect(story.getByRole('button', { name: 'Acknowledge' })).toBeVisible()
  await portal.keyboard.press('a')
  await expect(story.getByText(/, acknowledged by/)).toBeVisible()
  await expect(portal.getByRole('status').filter({ hasText: 'Acknowledged:' })).toBeVisible()
  await expect(async () => {
    expect((await alertOf(api, first)).state).toBe('acknowledged')
  }).toPass()
})

test('an acknowledgement that is refused is taken back with the reason', async ({
  portal,
  api,
}) => {
  const { id } = await alertOf(api, second)
  provoked.set(portal, /409/)
  await portal.route('**/acknowledge', (route) =>
    route.fulfill({
      status: 409,
      json: {
        type: 'about:blank',
        title: 'The alert is not open any more.',
        status: 409,
        code: 'rules.not-open',
        remedy: 'Nothing needs to be done; it cleared meanwhile.',
        requestId: 'req-under-test',
      },
    }),
  )
  await portal.goto(`/alerts/${id}`)
  await portal.getByRole('button', { name: 'Acknowledge' }).click()
  await expect(portal.getByText(/Not acknowledged\. The alert is not open/)).toBeVisible()
  await expect(portal.getByRole('button', { name: 'Acknowledge' })).toBeVisible()
})

test('filters narrow the list and stay in the URL', async ({ portal }) => {
  await portal.goto('/alerts')
  await portal.getByRole('button', { name: 'info', exact: true }).click()
  await expect(portal).toHaveURL(/severity=info/)
  await portal.getByRole('button', { name: 'All', exact: true }).click()
  await expect(portal).toHaveURL(/state=all/)
  await portal.reload()
  await expect(portal.getByRole('button', { name: 'info', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  )
})

test('an alert works on a phone, acknowledgement included', async ({ portal, api }) => {
  const third = await benchDevice(api, { name: 'Alerts three' })
  await overheat(third)
  const { id } = await alertOf(api, third)
  // The story grows by a line when the delivery is settled, which is no fault of the layout.
  await expect(async () => {
    const found = await api.get<{ counts: { queued: number } }>('/v1/deliveries')
    expect(found.counts.queued).toBe(0)
  }).toPass()
  await portal.setViewportSize({ width: 390, height: 844 })
  await looksRight(portal, { name: 'alert-phone', path: `/alerts/${id}` }, async () => {
    await expect(portal.getByRole('heading', { level: 1, name: /Alerts three/ })).toBeVisible()
    await expect(portal.locator('.uplot canvas')).toBeVisible()
  })
  expect(await portal.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await portal.getByRole('button', { name: 'Acknowledge' }).click()
  await expect(portal.getByText(/, acknowledged by/)).toBeVisible()
})

test('the page of an alert looks right in both themes', async ({ portal, api }) => {
  const { id } = await alertOf(api, first)
  await looksRight(portal, { name: 'alert', path: `/alerts/${id}` }, () =>
    expect(portal.locator('.uplot canvas')).toBeVisible(),
  )
})

test('an alert that does not exist says so, with the code', async ({ portal }) => {
  provoked.set(portal, /404/)
  await portal.goto('/alerts/al_01939d3e-0000-7000-8000-000000000000')
  await expect(portal.getByRole('alert')).toContainText('rules.unknown-alert')
})
