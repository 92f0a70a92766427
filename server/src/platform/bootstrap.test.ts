import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rolePasswords } from './bootstrap.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-roles-'))
})
afterEach(() => rm(folder, { recursive: true }))

const file = () => join(folder, 'roles.json')

describe('the passwords of the database roles', () => {
  test('are made once, for their own user only', async () => {
    const made = await rolePasswords(folder)
    expect(await rolePasswords(folder)).toEqual(made)
    expect(new Set(Object.values(made)).size).toBe(Object.keys(made).length)
    expect((await stat(file())).mode & 0o777).toBe(0o600)
  })

  test('of an older Pulse stay, and a role that came since gets one', async () => {
    const { pulse_sealer: _, ...older } = await rolePasswords(folder)
    await writeFile(file(), JSON.stringify(older))
    const now = await rolePasswords(folder)
    expect(now).toEqual({ ...older, pulse_sealer: expect.stringMatching(/^[\w-]{32}$/) })
    expect(JSON.parse(await readFile(file(), 'utf8'))).toEqual(now)
    expect((await stat(file())).mode & 0o777).toBe(0o600)
  })
})
