import { type BenchDevice, benchDevice, overheat } from './bench-device.ts'
import { expect, looksRight, provoked, test } from './pulse.ts'

let ups: BenchDevice

test.beforeAll(async ({ api }) => {
  ups = await benchDevice(api, { name: '<img src=x onerror=alert(1)> UPS 7' })
  await overheat(ups)
})

test('the device page looks right in both themes', async ({ portal }) => {
  await looksRight(portal, { name: 'device', path: `/devices/${ups.key}` }, async () => {
    await expect(portal.getByRole('group', { name: /Internal temperature/ })).toBeVisible()
    await expect(portal.locator('.uplot canvas')).toBeVisible()
    await expect(portal.getByText('Why this alert is open')).toBeVisible()
    await expect(portal.getByText(/is above 36/)).toBeVisible()
    await expect(portal.locator('svg text', { hasText: 'Presence' })).toBeVisible()
  })
})

for (const [tab, words] of [
  ['metrics', 'internalTempC'],
  ['alerts', 'UPS overheats'],
  ['commands', 'Send a command'],
  ['tail', 'Live tail'],
  ['credentials', 'Create a token'],
  ['messages', 'telemetry'],
] as const) {
  test(`the tab ${tab} looks right in both themes`, async ({ portal }) => {
    const place = { name: `device-${tab}`, path: `/devices/${ups.key}?tab=${tab}` }
    await looksRight(portal, place, () =>
      expect(portal.locator('#main').getByText(words).first()).toBeVisible(),
    )
  })
}

test('a script in a name is text', async ({ portal }) => {
  await portal.goto(`/devices/${ups.key}`)
  await expect(portal.getByRole('heading', { level: 1 })).toHaveText(
    '<img src=x onerror=alert(1)> UPS 7',
  )
  await expect(portal.locator('img[src="x"]')).toHaveCount(0)
})

test('the URL holds range, tab and lanes, and a reload shows the same', async ({ portal }) => {
  await portal.goto(`/devices/${ups.key}`)
  await portal.getByRole('button', { name: 'Range: 15 min' }).click()
  await portal.getByRole('menuitem', { name: '1 h', exact: true }).click()
  await expect(portal).toHaveURL(/range=1h/)
  await portal.getByRole('button', { name: 'Commands' }).click()
  await expect(portal).toHaveURL(/hide=Commands/)
  await portal.reload()
  await expect(portal.getByRole('button', { name: 'Range: 1 h' })).toBeVisible()
  await expect(portal.getByRole('button', { name: 'Commands' })).toHaveAttribute(
    'aria-pressed',
    'false',
  )
  await portal.getByRole('link', { name: 'Metrics' }).click()
  await expect(portal).toHaveURL(/tab=metrics/)
  await expect(portal).toHaveURL(/range=1h/)
})

test('a dragged range is kept in the URL, and a double-click goes back to now', async ({
  portal,
}) => {
  await portal.goto(`/devices/${ups.key}?range=15m`)
  const plot = portal.locator('.u-over')
  await expect(plot).toBeVisible()
  const box = (await plot.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
  const y = box.y + box.height / 2
  await portal.mouse.move(box.x + box.width * 0.5, y)
  await portal.mouse.down()
  await portal.mouse.move(box.x + box.width * 0.9, y, { steps: 5 })
  await portal.mouse.up()
  await expect(portal).toHaveURL(/from=\d+&to=\d+/)
  await expect(portal.getByRole('button', { name: 'Range: Custom' })).toBeVisible()
  await plot.dblclick()
  await expect(portal).not.toHaveURL(/from=/)
  await expect(portal.getByRole('button', { name: 'Live', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  )
})

test('a chart is read by keyboard and told in words', async ({ portal }) => {
  await portal.goto(`/devices/${ups.key}`)
  const chart = portal.getByRole('group', { name: /Internal temperature/ })
  await expect(chart).toHaveAccessibleDescription(/latest 44.* °C .*lowest .* highest/)
  await chart.focus()
  await portal.keyboard.press('ArrowLeft')
  await expect(chart.locator('[aria-live]')).toContainText(/Internal temperature \d+.* °C/)
})

test('the crosshair moves over all charts of a page together', async ({ portal }) => {
  await portal.goto(`/devices/${ups.key}?tab=metrics`)
  const plots = portal.locator('.u-over')
  await expect(plots.nth(1)).toBeVisible()
  const box = (await plots.first().boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
  await portal.mouse.move(box.x + box.width * 0.95, box.y + 20)
  await expect(portal.getByText(/^\d\d:\d\d:\d\d$/)).toHaveCount(await plots.count())
})

test('a command is checked while it is typed, sent, and listed with its state', async ({
  portal,
}) => {
  await portal.goto(`/devices/${ups.key}?tab=commands`)
  await portal.getByLabel('Name').fill('reboot')
  await portal.getByLabel('Payload, JSON').fill('{"delayS": ')
  await expect(portal.getByText(/not JSON yet/)).toBeVisible()
  await portal.reload()
  await expect(portal.getByLabel('Name')).toHaveValue('reboot')
  await portal.getByLabel('Payload, JSON').fill('{"delayS": 5}')
  await portal.getByRole('button', { name: 'Send' }).click()
  const row = portal.getByRole('row', { name: /reboot/ })
  await expect(row).toContainText('queued')
  await expect(row).toContainText('{"delayS":5}')
  await expect(portal.getByLabel('Name')).toHaveValue('')
})

test('the live tail shows messages and refusals, pauses on p and says what it holds back', async ({
  portal,
}) => {
  await portal.goto(`/devices/${ups.key}?tab=tail`)
  await expect(portal.getByText('Waiting for the next message')).toBeVisible()
  await expect(async () => {
    await ups.send({ internalTempC: 30.25 })
    await expect(portal.getByText('"internalTempC":30.25').first()).toBeVisible({ timeout: 1500 })
  }).toPass()
  await ups.sendRaw('{"v":2,"type":"telemetry"}')
  await expect(portal.getByText(/connect.unsupported-version/)).toBeVisible()
  await portal.keyboard.press('p')
  await ups.send({ internalTempC: 30.5 })
  await expect(portal.getByText(/1 new message held back/)).toBeVisible()
  await expect(portal.getByText('"internalTempC":30.5')).toBeHidden()
  await portal.keyboard.press('p')
  await expect(portal.getByText('"internalTempC":30.5').first()).toBeVisible()
  await portal.getByLabel('Filter the tail').fill('no such text')
  await expect(portal.getByText('Nothing that matches yet')).toBeVisible()
})

test('a token is shown once, and revoked only after a confirmation', async ({ portal }) => {
  await portal.goto(`/devices/${ups.key}?tab=credentials`)
  await expect(portal.getByRole('row')).toHaveCount(2)
  await portal.getByRole('button', { name: 'Create a token' }).click()
  await expect(portal.locator('code', { hasText: /^pulse_d_/ })).toBeVisible()
  await expect(portal.getByRole('row')).toHaveCount(3)
  await portal.getByRole('button', { name: 'I have it' }).click()
  await expect(portal.locator('code', { hasText: /^pulse_d_/ })).toHaveCount(0)
  await portal
    .getByRole('button', { name: /^Revoke/ })
    .first()
    .click()
  const dialog = portal.getByRole('dialog')
  await expect(dialog).toContainText('cannot be undone')
  await dialog.getByRole('button', { name: 'Revoke the token' }).click()
  await expect(portal.getByText(/^revoked /)).toBeVisible()
})

test('a device that does not exist says so, with the code', async ({ portal }) => {
  provoked.set(portal, /404/)
  await portal.goto('/devices/no-such-device')
  await expect(portal.getByRole('alert')).toContainText('registry.unknown-device')
})

test('the device works on a phone', async ({ portal }) => {
  await portal.setViewportSize({ width: 390, height: 844 })
  await looksRight(portal, { name: 'device-phone', path: `/devices/${ups.key}` }, () =>
    expect(portal.locator('.uplot canvas')).toBeVisible(),
  )
  expect(await portal.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})

test('when Pulse cannot be reached, the last good data stays and says of when it is', async ({
  portal,
}) => {
  provoked.set(portal, /ERR_FAILED|Failed to load/)
  await portal.goto(`/devices/${ups.key}`)
  await expect(portal.getByRole('heading', { level: 1 })).toContainText('UPS 7')
  await portal.route(`**/v1/devices/${ups.key}`, (route) => route.abort())
  await expect(portal.getByText(/This is as of \d\d:\d\d:\d\d/)).toBeVisible({ timeout: 20_000 })
  await expect(portal.getByRole('heading', { level: 1 })).toContainText('UPS 7')
  await portal.unroute(`**/v1/devices/${ups.key}`)
  await portal.getByRole('button', { name: 'Try again' }).click()
  await expect(portal.getByText(/This is as of/)).toBeHidden()
})

test('metrics of one unit stand in one chart, one of another unit takes their place', async ({
  portal,
}) => {
  await portal.goto(`/devices/${ups.key}`)
  await portal.getByRole('button', { name: /^Metric:/ }).click()
  await expect(portal.getByRole('menuitemcheckbox', { checked: true })).toHaveCount(1)
  await portal.getByRole('menuitemcheckbox', { name: /Load/ }).click()
  await expect(portal).toHaveURL(/metrics=loadPct/)
  await expect(portal.getByRole('group', { name: /^Load of/ })).toBeVisible()
  await portal.keyboard.press('Escape')
  await portal.reload()
  await expect(portal.getByRole('button', { name: 'Metric: Load' })).toBeVisible()
})
