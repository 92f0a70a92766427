import type { Page } from '@playwright/test'
import { expect, picture, test } from './accounts.ts'
import { findings, looksRight } from './pulse.ts'

const MARKUP = `Grafana ${Date.now()} <script>document.title=1</script>`
const dialog = (page: Page) => page.getByRole('dialog')
const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text })

test('a key is made with what it may do and until when, shown once, works, and is revoked', async ({
  as,
  api,
}) => {
  const page = await as('admin')
  await page.goto('/people/keys')
  await page.getByRole('button', { name: 'Make an API key' }).first().click()
  await dialog(page).getByRole('button', { name: 'Nothing' }).click()
  await dialog(page).getByRole('button', { name: 'Make the key' }).click()
  await expect(dialog(page)).toContainText('Say in 1 to 64 characters what will use it.')
  await expect(dialog(page)).toContainText('Choose one at least.')
  await expect(dialog(page).getByRole('textbox', { name: 'Name' })).toBeFocused()
  expect(await findings(page), 'axe on the dialog').toEqual([])
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill(MARKUP)
  await dialog(page).getByLabel('See devices, sites, types').check()
  await dialog(page).getByLabel('Works for').selectOption('3 months')
  await picture(page, 'api-key-dialog-light')
  await dialog(page).getByRole('button', { name: 'Make the key' }).click()

  const once = page.getByRole('region', { name: `The key ${MARKUP}` })
  const key = (await once.locator('code').first().textContent()) ?? ''
  expect(key).toMatch(/^pulse_k_/)
  const curl = (await once.getByRole('figure').textContent()) ?? ''
  const [, bearer, url] = /'Authorization: (.+)' \\\s+'(.+)'/.exec(curl) ?? []
  const answer = await fetch(url ?? '', { headers: { authorization: bearer ?? '' } })
  expect(answer.status).toBe(200)
  await expect(row(page, MARKUP)).toContainText('in 3 months')
  await expect(row(page, MARKUP)).toContainText('see devices')
  expect(await page.title()).toBe('Pulse')
  await page.reload()
  await expect(row(page, MARKUP)).toBeVisible()
  await expect(page.getByText(key)).toHaveCount(0)
  // Its use is written down within seconds, not with each request.
  await expect(async () => {
    await page.reload()
    await expect(row(page, MARKUP)).toContainText('ago', { timeout: 1000 })
  }).toPass({ timeout: 20_000 })

  await page.getByRole('button', { name: `Revoke ${MARKUP}` }).click()
  await expect(dialog(page)).toContainText('whatever uses it is refused from now on')
  await dialog(page).getByRole('button', { name: 'Revoke the key' }).click()
  await expect(row(page, MARKUP)).toHaveCount(0)
  const after = await fetch(`${api.demo.url}/v1/devices`, {
    headers: { authorization: bearer ?? '' },
  })
  expect(after.status).toBe(401)
  await page.getByRole('button', { name: /^Ended \d/ }).click()
  await expect(page).toHaveURL(/state=ended/)
  await expect(row(page, MARKUP)).toContainText('Revoked')
})

test('the keys look right in both themes', async ({ as, callAs }) => {
  const expiresAt = new Date(Date.now() + 5 * 86_400_000).toISOString()
  const call = callAs('admin')
  const made = (await call('POST', '/v1/api-keys', {
    name: 'Nightly export',
    permissions: ['device.read', 'telemetry.read', 'tenant.export'],
    expiresAt,
  })) as { id: string }
  const page = await as('admin')
  await looksRight(page, { name: 'api-keys', path: '/people/keys' }, () =>
    expect(row(page, 'Nightly export')).toContainText('Ends soon'),
  )
  await call('DELETE', `/v1/api-keys/${made.id}`)
})
