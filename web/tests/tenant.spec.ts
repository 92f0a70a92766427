import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expect, picture, settle, test } from './accounts.ts'
import { looksRight } from './pulse.ts'

const MARKUP = 'Northwind <b onmouseover=document.title=1>Power</b>'
const dialog = (page: Page) => page.getByRole('dialog')

test('the tenant is exported whole, with progress, and the archive is fetched', async ({ as }) => {
  const page = await as('admin')
  await looksRight(page, { name: 'tenant', path: '/tenant' }, () =>
    expect(page.getByText('us-west-2, its data stays there')).toBeVisible(),
  )
  await page.getByRole('button', { name: 'Export the tenant' }).click()
  const made = page.getByRole('table', { name: 'Exports' }).getByRole('row').nth(1)
  await expect(made).toContainText('Ready', { timeout: 30_000 })
  await expect(made).toContainText(/\d rows/)
  await picture(page, 'tenant-export-light')
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    made.getByRole('button', { name: 'Download' }).click(),
  ])
  expect(file.suggestedFilename()).toMatch(/^demo-\d{4}-\d\d-\d\d\.zip$/)
  const bytes = await readFile(await file.path())
  expect(bytes.subarray(0, 2).toString()).toBe('PK')
})

test('a tenant is renamed, and its name stays text wherever it shows', async ({ as, callAs }) => {
  const page = await as('admin')
  await page.goto('/tenant')
  try {
    await page.getByRole('button', { name: 'Rename…' }).click()
    await dialog(page).getByRole('textbox', { name: 'Name' }).fill('')
    await dialog(page).getByRole('button', { name: 'Rename it' }).click()
    await expect(dialog(page)).toContainText('Give it a name of 1 to 128 characters.')
    await dialog(page).getByRole('textbox', { name: 'Name' }).fill(MARKUP)
    await dialog(page).getByRole('button', { name: 'Rename it' }).click()
    await expect(page.getByRole('heading', { name: MARKUP })).toBeVisible()
    await expect(page.getByRole('banner')).toContainText(MARKUP)
    expect(await page.title()).toBe('Pulse')
  } finally {
    await settle(callAs('admin')('PATCH', '/v1/tenant', { name: 'Northwind Power' }))
  }
})

test('a viewer sees what the tenant is, and nothing to change or export', async ({ as }) => {
  const page = await as('viewer')
  await page.goto('/tenant')
  await expect(page.getByText('us-west-2, its data stays there')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Rename…' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Export the tenant' })).toHaveCount(0)
  await expect(page.getByRole('heading', { name: 'Enterings' })).toHaveCount(0)
})
