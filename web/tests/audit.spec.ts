import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expect, picture, test } from './accounts.ts'
import { findings, looksRight } from './pulse.ts'
import { tamper } from './tamper.ts'

const KEY = 'Audited <img src=x onerror=document.title=1>'
const dialog = (page: Page) => page.getByRole('dialog')
const entries = (page: Page) => page.getByRole('table', { name: 'Audit entries' })
const entry = (page: Page, text: string | RegExp) =>
  entries(page).getByRole('row').filter({ hasText: text })
const proof = (page: Page) => page.getByRole('region', { name: 'Proof of the log' })

/** A click where no link lies. */
const choose = (page: Page, text: string | RegExp) =>
  entry(page, text)
    .first()
    .click({ position: { x: 20, y: 12 } })

test.beforeAll(async ({ api }) => {
  const { id } = await api.post<{ id: string }>('/v1/api-keys', {
    name: KEY,
    permissions: ['device.read'],
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  })
  await api.delete(`/v1/api-keys/${id}`)
  await api.put('/v1/roles/audited', { name: 'Audited', permissions: ['device.read', 'rule.read'] })
  await api.put('/v1/roles/audited', {
    name: 'Audited',
    permissions: ['device.read', 'alert.read'],
  })
  await api.delete('/v1/roles/audited')
})

test('the audit looks right in both themes, and is proven', async ({ as }) => {
  const page = await as('admin')
  await looksRight(page, { name: 'audit', path: '/audit' }, async () => {
    await expect(entry(page, 'Role removed')).toBeVisible()
    await expect(proof(page)).toContainText(/Proven: \d+ entries/)
  })
})

test('an entry shows what changed, from where, and its seal; its link shows a colleague the same', async ({
  as,
}) => {
  const page = await as('admin')
  await page.goto('/audit')
  await choose(page, 'Role changed')
  const whole = page.getByRole('region', { name: 'The chosen entry' })
  const changed = whole.getByRole('row').filter({ hasText: 'permissions' })
  await expect(changed.locator('del')).toHaveText('rule.read')
  await expect(changed.locator('ins')).toHaveText('alert.read')
  await expect(whole.getByRole('row')).toHaveCount(2)
  await expect(whole).toContainText('Morgan Ortiz')
  await expect(whole).toContainText('127.0.0.1')
  await expect(whole).toContainText(/sealed as number \d+/)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const id = (await whole.getByText(/^rq_/).textContent()) ?? ''
  await whole.getByRole('button', { name: 'Copy the request' }).click()
  await expect(whole.getByRole('button', { name: 'Copied' })).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(id)
  await picture(page, 'audit-entry-light')

  // However far back it lies: the list is narrowed to something else, the entry still shows.
  await page.goto(`${page.url()}&action=rules.`)
  await expect(entry(page, 'Role changed')).toHaveCount(0)
  await expect(whole.getByRole('heading', { name: 'Role changed' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(whole).toHaveCount(0)
})

test('names in the log stay text', async ({ as }) => {
  const page = await as('admin')
  await page.goto('/audit')
  await choose(page, 'Key made')
  await expect(page.getByRole('region', { name: 'The chosen entry' })).toContainText(KEY)
  expect(await page.title()).toBe('Pulse')
})

test('family, person, subject, time and words narrow the log, each as a chip and in the URL', async ({
  as,
}) => {
  const page = await as('admin')
  await page.goto('/audit')
  await page
    .getByRole('button', { name: 'Rules', exact: true })
    .and(page.getByRole('main').getByRole('button'))
    .click()
  await expect(page).toHaveURL(/action=rules/)
  await expect(entry(page, 'Rule changed').first()).toBeVisible()
  await expect(entry(page, 'Role removed')).toHaveCount(0)
  await page.getByRole('button', { name: 'Everything' }).click()

  await choose(page, 'Role removed')
  await page.getByRole('button', { name: 'all about this' }).click()
  await expect(page).toHaveURL(/subject=role/)
  await expect(entry(page, 'Rule changed')).toHaveCount(0)
  await expect(entry(page, 'Role made')).toBeVisible()
  await page.getByRole('button', { name: /^about role:audited/ }).click()
  await page.getByRole('button', { name: 'all by Morgan Ortiz' }).click()
  await expect(page.getByRole('button', { name: /^by Morgan Ortiz/ })).toBeVisible()
  await expect(entry(page, /^.*Pulse.*Rule changed/)).toHaveCount(0)
  await page.getByRole('button', { name: /^by Morgan Ortiz/ }).click()

  await page.getByRole('button', { name: 'Last hour' }).click()
  await expect(page).toHaveURL(/range=1h/)
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.keyboard.type('audited')
  await expect(page).toHaveURL(/text=audited/)
  await expect(entry(page, 'Signed in')).toHaveCount(0)
  await page.reload()
  await expect(page.getByLabel('Search the log')).toHaveValue('audited')
  await expect(entry(page, 'Role removed')).toBeVisible()
})

test('what the filters let through is exported, with its seals', async ({ as }) => {
  const page = await as('admin')
  await page.goto('/audit?subject=role:audited')
  await expect(entry(page, 'Role removed')).toBeVisible()
  for (const format of ['NDJSON', 'CSV']) {
    await page.getByRole('button', { name: /^Export/ }).click()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: new RegExp(`^${format}`) }).click(),
    ])
    const text = await readFile(await file.path(), 'utf8')
    expect(file.suggestedFilename()).toMatch(new RegExp(`^audit-.*\\.${format.toLowerCase()}$`))
    expect(text).toContain('role-removed')
    expect(text).not.toContain('rule-changed')
  }
})

test('a kept head is compared: the true one is in the chain, another is named', async ({ as }) => {
  const page = await as('admin')
  await page.goto('/audit')
  await expect(proof(page)).toContainText('Proven')
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await proof(page).getByRole('button', { name: 'Copy the head' }).click()
  const head = await page.evaluate(() => navigator.clipboard.readText())
  expect(head).toMatch(/^[0-9a-f]{64}@\d+$/)
  await proof(page).getByRole('button', { name: 'Compare a head…' }).click()
  await dialog(page).getByRole('button', { name: 'Compare' }).click()
  await expect(dialog(page)).toContainText('Give a head as it was copied')
  await dialog(page).getByLabel('Head, hash@number').fill(head)
  await dialog(page).getByRole('button', { name: 'Compare' }).click()
  await expect(dialog(page)).toContainText('It is: nothing up to number')
  await dialog(page)
    .getByLabel('Head, hash@number')
    .fill(`${'0'.repeat(64)}@1`)
  await dialog(page).getByRole('button', { name: 'Compare' }).click()
  await expect(dialog(page)).toContainText('It is not:')
})

test('a row that was edited behind Pulse’s back is named, and one click away', async ({
  as,
  callAs,
}) => {
  const operator = callAs('operator')
  const draft = { reason: 'To read the audit of the second tenant', role: 'admin', minutes: 30 }
  const { id } = (await operator('POST', '/v1/operator/tenants/demo-2/enter', draft)) as {
    id: string
  }
  const page = await as('operator')
  await page.goto('/audit?tenant=demo-2')
  await expect(proof(page)).toContainText('Proven')
  tamper(`
    alter table platform.audit disable trigger refuse_change;
    update platform.audit set actor_name = 'Somebody else' where id = (
      select min(a.id) from platform.audit a join registry.tenant t on t.id = a.tenant
       where t.key = 'demo-2' and a.action = 'registry.tenant-entered');
    alter table platform.audit enable trigger refuse_change;`)
  await proof(page).getByRole('button', { name: 'Verify again' }).click()
  await expect(proof(page)).toContainText('Not as it was written: 1 fault')
  await picture(page, 'audit-broken-light')
  expect(await findings(page)).toEqual([])
  const fault = proof(page).getByRole('listitem')
  await expect(fault).toContainText('edited')
  await fault.getByRole('link', { name: /^Tenant entered, number \d/ }).click()
  await expect(page.getByRole('region', { name: 'The chosen entry' })).toContainText(
    'Somebody else',
  )
  await operator('DELETE', `/v1/operator/enterings/${id}`)
})
