import { benchDevice } from './bench-device.ts'
import { expect, looksRight, provoked, test } from './pulse.ts'

test('connecting a device looks right in both themes', async ({ portal }) => {
  await looksRight(portal, { name: 'connect', path: '/connect' }, () =>
    expect(portal.getByRole('heading', { name: 'Register a device' })).toBeVisible(),
  )
})

test('from a form to the first stored message', async ({ portal, api }) => {
  const key = `portal-${Date.now().toString(36)}`
  await portal.goto('/connect')
  await portal.getByLabel('Key', { exact: true }).fill('not a key')
  await expect(portal.getByText('Use 1 to 128 of A-Za-z0-9_:-.')).toBeVisible()
  await portal.getByRole('button', { name: 'Register and create a token' }).click()
  await expect(portal.getByLabel('Key', { exact: true })).toBeFocused()

  await portal.getByLabel('Key', { exact: true }).fill(key)
  await portal.getByLabel('Type').selectOption('rack')
  await portal.reload()
  await expect(portal.getByLabel('Key', { exact: true })).toHaveValue(key)
  await portal.getByRole('button', { name: 'Register and create a token' }).click()

  const snippet = portal.getByRole('figure')
  await expect(snippet).toContainText(`demo/${key}`)
  await expect(portal).toHaveURL(new RegExp(`device=${key}`))
  await expect(portal).not.toHaveURL(/pulse_d_/)
  const token = /pulse_d_[\w-]+/.exec((await snippet.textContent()) ?? '')?.[0] ?? ''

  const send = (body: object) =>
    fetch(`${api.demo.url}/v1/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const attempts = portal.getByRole('list', { name: 'Attempts' })
  await expect(attempts).toContainText('Nothing yet')
  await expect(async () => {
    await send({
      v: 1,
      type: 'telemetry',
      ts: Date.now() + 6 * 3_600_000,
      data: { metrics: { tempC: 1 } },
    })
    await expect(attempts).toContainText('Refused: connect.clock-ahead', { timeout: 1500 })
  }).toPass()
  await expect(attempts).toContainText('Send UTC')
  await send({ v: 1, type: 'telemetry', data: { metrics: { tempC: 21.5 } } })
  await expect(attempts).toContainText('Stored')
  await expect(attempts).toContainText('tempC 21.5')
  await portal.getByRole('link', { name: `Open ${key}` }).click()
  await expect(portal.getByRole('heading', { level: 1, name: key })).toBeVisible()
})

test('every snippet names the device, and the choice stays in the URL', async ({ portal, api }) => {
  const device = await benchDevice(api)
  const place = { name: 'connect-snippet', path: `/connect?device=${device.key}` }
  await looksRight(portal, place, () =>
    expect(portal.getByRole('figure')).toContainText(device.key),
  )
  for (const name of ['Node', 'Python', 'Arduino', 'mosquitto_pub']) {
    await portal.getByRole('button', { name, exact: true }).click()
    await expect(portal.getByRole('figure')).toContainText(`demo/${device.key}`)
  }
  await portal.getByRole('button', { name: 'curl', exact: true }).click()
  await expect(portal).toHaveURL(/snippet=curl/)
  await portal.reload()
  await expect(portal.getByRole('figure')).toContainText('Authorization: Bearer <token>')
  await portal.getByRole('button', { name: 'Create a new one' }).click()
  await expect(portal.getByRole('figure')).toContainText('pulse_d_')
})

test('a registered device is found by its key', async ({ portal, api }) => {
  const device = await benchDevice(api, { name: 'Findable <u>bench</u>' })
  await portal.goto('/connect')
  await portal.getByLabel('Key or name').fill(device.key)
  await portal.getByRole('button', { name: `I have a token of ${device.key}` }).click()
  await expect(portal.getByRole('heading', { name: `Listening to ${device.key}` })).toBeVisible()
})

test('a key that exists is refused with what to do', async ({ portal, api }) => {
  const device = await benchDevice(api)
  provoked.set(portal, /409/)
  await portal.goto('/connect')
  await portal.getByLabel('Key', { exact: true }).fill(device.key)
  await portal.getByLabel('Type').selectOption('rack')
  await portal.getByRole('button', { name: 'Register and create a token' }).click()
  await expect(portal.getByRole('alert')).toContainText('registry.device-exists')
  await expect(portal.getByLabel('Key', { exact: true })).toHaveValue(device.key)
})
