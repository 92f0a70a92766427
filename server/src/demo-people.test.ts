import { readFile, stat } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Harness, startPulse } from './acceptance/harness.ts'
import { demoAccounts, makeAccounts } from './demo-people.ts'
import { makeFirstOperator } from './first-operator.ts'
import { signInByForm } from './testing/index.ts'

let pulse: Harness
beforeAll(async () => {
  pulse = await startPulse()
})
afterAll(() => pulse.close())

const sessionOf = async (username: string, password: string) => {
  const { accessToken } = await signInByForm({ origin: pulse.http, username, password })
  const answer = await fetch(`${pulse.http}/v1/session`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  return (await answer.json()) as { operator: boolean; tenants: { key: string; role: string }[] }
}

test('the first start of a Pulse without an operator makes one, whose password must be changed', async () => {
  const config = { data: pulse.data, oidcIssuer: undefined }
  const made = await makeFirstOperator(pulse.app, config)
  expect((await stat(made?.file ?? '')).mode & 0o777).toBe(0o600)
  const kept = JSON.parse(await readFile(made?.file ?? '', 'utf8')) as Record<string, string>
  expect(kept['password']?.length).toBeGreaterThan(19)
  const [row] = await pulse.db.superuser()`
    select p.operator, a.must_change from registry.person p join registry.account a on a.person = p.id
     where p.username = ${made?.username ?? ''}`
  expect(row).toEqual({ operator: true, must_change: true })
  expect(await makeFirstOperator(pulse.app, config)).toBeUndefined()
})

describe('the accounts of the demo', () => {
  test('are one of each role, each with a password of its own that stays', async () => {
    const accounts = demoAccounts([])
    expect(new Set(accounts.map(({ password }) => password)).size).toBe(5)
    expect(demoAccounts(accounts)).toEqual(accounts)

    const second = await pulse.app.registry.tenants.createTenant(
      { key: 'second', name: 'Second' },
      { kind: 'system', id: 'test' },
    )
    const others = accounts.filter(({ role }) => role !== 'operator')
    for (let start = 0; start < 2; start++) {
      await makeAccounts(pulse.app, others, { first: pulse.tenant, second: second.id })
    }
    for (const { username, password, role } of others) {
      const { operator, tenants } = await sessionOf(username, password)
      expect(operator).toBe(false)
      const own = { key: 'acme', role }
      const both = username === 'engineer' ? [own, { key: 'second', role: 'viewer' }] : [own]
      expect(tenants.map(({ key, role }) => ({ key, role }))).toEqual(both)
    }
  })
})
