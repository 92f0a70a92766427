import { type BenchDevice, benchDevice } from './bench-device.ts'
import { expect, looksRight, test } from './pulse.ts'

let device: BenchDevice

const ahead = () =>
  JSON.stringify({
    v: 1,
    type: 'telemetry',
    ts: new Date(Date.now() + 6 * 3_600_000).toISOString(),
    data: { metrics: { note: '<script>alert(1)</script>' } },
  })

test.beforeAll(async ({ api }) => {
  device = await benchDevice(api)
  await device.sendRaw(ahead())
  await device.sendRaw('{"v":1,"type":"telemetry","data":{}}')
  await device.sendRaw('this is not JSON')
})

test('the rejections look right in both themes', async ({ portal }) => {
  await looksRight(portal, { name: 'rejections', path: '/rejections' }, async () => {
    await expect(portal.getByText('connect.clock-ahead').first()).toBeVisible()
    await expect(portal.getByRole('heading', { name: 'Last hour' })).toBeVisible()
  })
})

test('a rejection says what was wrong, what to do, and how the payload began', async ({
  portal,
}) => {
  await portal.goto(`/rejections?device=${device.key}&code=connect.clock-ahead`)
  const item = portal.getByRole('listitem').filter({ hasText: device.key })
  await expect(item).toContainText(/ahead/)
  await expect(item).toContainText('Send UTC')
  await expect(item).toContainText('<script>alert(1)</script>')
  await item.getByRole('link', { name: device.key }).click()
  await expect(portal).toHaveURL(new RegExp(`/devices/${device.key}`))
})

test('a bar chooses its code, in the URL, and again lets go', async ({ portal }) => {
  await portal.goto(`/rejections?device=${device.key}`)
  const bar = portal.getByRole('button', { name: /^connect.malformed/ })
  await bar.click()
  await expect(portal).toHaveURL(/code=connect.malformed/)
  await portal.reload()
  await expect(bar).toHaveAttribute('aria-pressed', 'true')
  await expect(portal.getByRole('listitem').filter({ hasText: device.key })).toHaveCount(1)
  await bar.click()
  await expect(portal).not.toHaveURL(/code=/)
})

test('new rejections wait behind their count', async ({ portal, api }) => {
  const own = await benchDevice(api)
  await own.sendRaw(ahead())
  await portal.goto(`/rejections?device=${own.key}`)
  const items = portal.getByRole('listitem').filter({ hasText: own.key })
  await expect(items).toHaveCount(1)
  await own.sendRaw('still not JSON')
  const fresh = portal.getByRole('button', { name: '1 new' })
  await expect(fresh).toBeVisible()
  await expect(items).toHaveCount(1)
  await fresh.click()
  await expect(items).toHaveCount(2)
})

test('a device without rejections says what this page is for', async ({ portal }) => {
  await portal.goto('/rejections?device=nothing-was-refused')
  await expect(portal.getByText('Nothing was refused', { exact: true })).toBeVisible()
})
