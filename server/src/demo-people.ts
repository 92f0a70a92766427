import { randomBytes } from 'node:crypto'
import type { Role } from '@pulse/contract'
import type { PulseApp } from './app.ts'

const actor = { kind: 'system', id: 'demo' } as const

/** Somebody of the demo, with the password that was generated for them. */
export interface DemoAccount {
  readonly username: string
  readonly name: string
  readonly password: string
  /** In the demo tenant; an operator has none. */
  readonly role: Role | 'operator'
}

/** The admin keeps the name `demo`: it is the one that the terminal tells. */
const people: readonly Omit<DemoAccount, 'password'>[] = [
  { username: 'operator', name: 'Robin Hale', role: 'operator' },
  { username: 'viewer', name: 'Sam Reyes', role: 'viewer' },
  { username: 'technician', name: 'Jordan Webb', role: 'technician' },
  { username: 'engineer', name: 'Priya Nair', role: 'engineer' },
  { username: 'demo', name: 'Morgan Ortiz', role: 'admin' },
]

/** Belongs to the second tenant too, so that there is somebody who switches between tenants. */
const IN_BOTH = 'engineer'

/** The accounts of the demo: the passwords that are kept already, and new ones for the rest. */
export function demoAccounts(kept: readonly DemoAccount[]): readonly DemoAccount[] {
  return people.map((person) => ({
    ...person,
    password:
      kept.find(({ username }) => username === person.username)?.password ??
      randomBytes(12).toString('base64url'),
  }))
}

/** Makes the accounts that are missing. To hash a password is dear, so that those that are there are left alone. */
export async function makeAccounts(
  app: PulseApp,
  accounts: readonly DemoAccount[],
  tenants: { readonly first: number; readonly second: number },
): Promise<void> {
  const { people: registry, operators } = app.registry
  const usernames = async (tenant: number) =>
    (await registry.members(tenant)).map(({ username }) => username)
  const inFirst = new Set(await usernames(tenants.first))
  const inSecond = new Set(await usernames(tenants.second))
  const running = new Set((await operators.list('')).map(({ username }) => username))
  const make = async ({ role, ...account }: DemoAccount): Promise<void> => {
    const { username } = account
    const person = { ...account, email: `${username}@northwind.example` }
    if (role === 'operator') {
      if (running.has(username)) return
      await registry.createPerson(undefined, { ...person, operator: true }, actor)
      return
    }
    if (!inFirst.has(username))
      await registry.createPerson(tenants.first, { ...person, role }, actor)
    if (username === IN_BOTH && !inSecond.has(username)) {
      await registry.createPerson(tenants.second, { ...person, role: 'viewer' }, actor)
    }
  }
  await Promise.all(accounts.map(make))
}
