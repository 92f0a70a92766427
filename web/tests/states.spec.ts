import { expect, provoked, test } from './pulse.ts'

const problem = {
  type: 'about:blank',
  title: 'Pulse cannot take this just now.',
  status: 500,
  code: 'platform.unavailable',
  remedy: 'Try again after the time in Retry-After.',
  requestId: 'req-under-test',
}

test('an error says what, the code and the request, and can be tried again', async ({ portal }) => {
  provoked.set(portal, /500/)
  let broken = true
  await portal.route('**/v1/devices?*', (route) =>
    broken ? route.fulfill({ status: 500, json: problem }) : route.continue(),
  )
  await portal.goto('/devices')
  const alert = portal.getByRole('alert')
  await expect(alert).toContainText('platform.unavailable')
  await expect(alert).toContainText('req-under-test')
  broken = false
  await alert.getByRole('button', { name: 'Try again' }).click()
  await expect(portal.locator('[data-row]').first()).toBeVisible()
})

test('loading shows the layout to come, and only after 150 ms', async ({ portal }) => {
  await portal.route('**/v1/overview*', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 800))
    await route.continue()
  })
  await portal.goto('/devices')
  await portal.getByRole('link', { name: 'Overview', exact: true }).click()
  await expect(portal.getByRole('heading', { name: 'Overview' })).toBeVisible()
  await expect(portal.getByRole('heading', { name: 'Now' })).toBeVisible()
})

test('a broken line is said with its time, and heals by itself', async ({ portal }) => {
  provoked.set(portal, /ERR_|503|Failed to load/)
  let broken = true
  await portal.route('**/v1/live*', (route) => (broken ? route.abort() : route.continue()))
  await portal.goto('/')
  const state = portal.getByRole('button', { name: /Pause|Go on/ })
  await expect(state).toContainText(/Reconnecting since \d\d:\d\d:\d\d/)
  broken = false
  await expect(state).toContainText('msg/s', { timeout: 20_000 })
})

test('live updates can be paused and go on', async ({ portal }) => {
  await portal.goto('/')
  const state = portal.getByRole('button', { name: /Pause|Go on/ })
  await expect(state).toContainText('msg/s')
  await state.click()
  await expect(state).toContainText(/Paused at/)
  await state.click()
  await expect(state).toContainText('msg/s')
})

test('the theme can be chosen, and is there before the first paint after a reload', async ({
  portal,
}) => {
  await portal.emulateMedia({ colorScheme: 'light' })
  await portal.goto('/')
  await portal.getByRole('button', { name: /^Theme/ }).click()
  await portal.getByRole('menuitem', { name: 'Dark', exact: true }).click()
  const scheme = () => portal.locator('html').getAttribute('data-mantine-color-scheme')
  expect(await scheme()).toBe('dark')
  await portal.reload({ waitUntil: 'commit' })
  await portal.waitForLoadState('domcontentloaded')
  expect(await scheme()).toBe('dark')
})

test('the rail folds to icons and stays so', async ({ portal }) => {
  await portal.goto('/')
  const rail = portal.getByRole('navigation', { name: 'Modules' })
  await expect(rail.getByRole('link', { name: /^Devices \d/ })).toBeVisible()
  await rail.getByRole('button', { name: 'Collapse' }).click()
  await expect(rail.getByRole('link', { name: /^Devices/ })).toBeHidden()
  await portal.reload()
  await rail.getByRole('link', { name: 'Rules' }).click()
  await expect(portal.getByRole('heading', { name: 'Alerts', level: 1 })).toBeVisible()
})

test('a page whose build is gone loads the new one and stays where one is', async ({ portal }) => {
  provoked.set(portal, /404|preload|dynamically imported/)
  await portal.goto('/')
  await expect(portal.getByRole('heading', { name: 'Now' })).toBeVisible()
  let gone = true
  await portal.route('**/assets/rejections-*.js', (route) =>
    gone ? route.fulfill({ status: 404, body: '' }) : route.continue(),
  )
  await portal.route('**/theme-boot.js', (route) => {
    // The page has begun anew: from here on it is the new build's.
    gone = false
    return route.continue()
  })
  await portal.getByRole('link', { name: /Refused, last hour/ }).click()
  await expect(portal.getByRole('heading', { name: 'Rejections', level: 1 })).toBeVisible()
})
