import type { Page } from '@playwright/test'
import { expect, picture, settle, test } from './accounts.ts'
import { looksRight } from './pulse.ts'

const MARKUP = 'Night <img src=x onerror=document.title=1>'
const dialog = (page: Page) => page.getByRole('dialog')

test('the roles look right in both themes', async ({ as }) => {
  const page = await as('admin')
  await looksRight(page, { name: 'roles', path: '/people/roles' }, () =>
    expect(page.getByRole('columnheader', { name: /^Technician/ })).toBeVisible(),
  )
  const acknowledge = page.getByRole('row', { name: /^Acknowledge alerts/ })
  await expect(acknowledge.getByRole('cell').nth(0)).toHaveText('–no')
  await expect(acknowledge.getByRole('cell').nth(1)).toHaveText('yes')
})

test('a role is made out of a built-in one, given, kept from deletion while in use, and deleted', async ({
  as,
  callAs,
}) => {
  const page = await as('admin')
  const call = callAs('admin')
  await page.goto('/people/roles')
  await page.getByRole('button', { name: 'Actions for Engineer' }).click()
  await page.getByRole('menuitem', { name: 'Make a role out of it…' }).click()
  await dialog(page).getByRole('button', { name: 'Make the role' }).click()
  await expect(dialog(page)).toContainText('Give the role a name')
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill(MARKUP)
  await dialog(page).getByRole('textbox', { name: 'Key' }).fill('engineer')
  await expect(dialog(page)).toContainText('There is a role with this key.')
  await dialog(page).getByRole('textbox', { name: 'Key' }).fill('night-shift')
  await dialog(page).getByLabel('Create and change rules').uncheck()
  await picture(page, 'role-dialog-light')
  await dialog(page).getByRole('button', { name: 'Make the role' }).click()
  await expect(page.getByRole('columnheader', { name: MARKUP })).toContainText('nobody · your own')
  expect(await page.title()).toBe('Pulse')

  const { items } = (await call('GET', '/v1/members')) as {
    items: readonly { person: string; username: string }[]
  }
  const person = items.find(({ username }) => username === 'viewer')?.person
  await call('PATCH', `/v1/members/${person}`, { role: 'night-shift' })
  try {
    await page.reload()
    await page.getByRole('button', { name: `Actions for ${MARKUP}` }).click()
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    await expect(dialog(page)).toContainText('It is in use: 1 person has it.')
    await expect(dialog(page).getByRole('button', { name: 'Delete the role' })).toBeDisabled()
    await dialog(page).getByRole('link', { name: 'Give them another role first.' }).click()
    await expect(page).toHaveURL(/role=night-shift/)
    await expect(page.getByRole('row').filter({ hasText: 'Sam Reyes' })).toContainText(MARKUP)
    expect(await page.title()).toBe('Pulse')
  } finally {
    await settle(call('PATCH', `/v1/members/${person}`, { role: 'viewer' }))
  }

  await page.goto('/people/roles')
  await page.getByRole('button', { name: `Actions for ${MARKUP}` }).click()
  await page.getByRole('menuitem', { name: 'Change…' }).click()
  await dialog(page).getByLabel('Send commands to devices').uncheck()
  await dialog(page).getByRole('button', { name: 'Change the role' }).click()
  await expect(dialog(page)).toHaveCount(0)
  await page.getByRole('button', { name: `Actions for ${MARKUP}` }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await dialog(page).getByRole('button', { name: 'Delete the role' }).click()
  await expect(page.getByRole('columnheader', { name: MARKUP })).toHaveCount(0)
})
