import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '#platform'
import type { PulseApp } from './app.ts'

const actor = { kind: 'system', id: 'first-start' } as const
const USERNAME = 'operator'

/** Where the password of the first operator lies until it is changed. */
export interface FirstOperator {
  readonly username: string
  readonly file: string
}

/**
 * Makes the first operator of a Pulse that has none and keeps people of its own: somebody must
 * create tenants. The password is generated, lies in a file that only its owner reads, and has to be
 * changed at the first sign-in. With an identity provider of one's own, a role there says who is one.
 */
export async function makeFirstOperator(
  app: PulseApp,
  config: Pick<Config, 'data' | 'oidcIssuer'>,
): Promise<FirstOperator | undefined> {
  const { operators, people } = app.registry
  if (config.oidcIssuer !== undefined || (await operators.list('')).length > 0) return undefined
  const password = randomBytes(15).toString('base64url')
  const file = join(config.data, 'operator.json')
  // Before the account: a kill in between must leave no account whose password nobody knows.
  await writeFile(file, JSON.stringify({ username: USERNAME, password }), { mode: 0o600 })
  const person = {
    username: USERNAME,
    name: 'Operator',
    password,
    operator: true,
    mustChange: true,
  }
  await people.createPerson(undefined, person, actor)
  return { username: USERNAME, file }
}
