import {
  type Clock,
  createShell,
  inTenant,
  newId,
  type Shell,
  silentLog,
  systemClock,
} from '#platform'
import { type TestDatabase, testDatabase, testVault } from '../../testing/index.ts'
import { refuse } from '../errors.ts'
import type { PasswordCost } from '../passwords.ts'
import { createIdentityService, type IdentityService, type IdentityServiceDeps } from './service.ts'

/** A hash in a millisecond, so that tests may sign in often. */
const cheap: PasswordCost = { N: 2 ** 10, r: 8, p: 1 }

/** A person with an account, as tests make them. */
export interface TestPerson {
  readonly id: string
  readonly username: string
  readonly password: string
}

/** The identity service over a database of its own, listening, without the rest of Pulse. */
export interface TestIdentity {
  readonly db: TestDatabase
  readonly service: IdentityService
  readonly vault: IdentityServiceDeps['vault']
  readonly shell: Shell
  readonly origin: string
  person(username: string, facts?: { mustChange?: boolean }): Promise<TestPerson>
  /** Another process on the same database, at the same address. */
  again(): Promise<TestIdentity>
  close(): Promise<void>
}

export async function testIdentity(
  options: { readonly clock?: Clock } & Partial<IdentityServiceDeps> = {},
): Promise<TestIdentity> {
  const db = await testDatabase()
  const vault = await testVault(db)
  return open(db, { vault, ...options }, 0)
}

async function open(
  db: TestDatabase,
  options: Pick<IdentityServiceDeps, 'vault'> & Partial<IdentityServiceDeps>,
  port: number,
): Promise<TestIdentity> {
  let origin = ''
  const service = createIdentityService({
    app: db.as('pulse_app'),
    clock: systemClock,
    log: silentLog,
    passwordCost: cheap,
    clientId: 'pulse-portal',
    audience: 'pulse-api',
    origin: () => origin,
    foreign: undefined,
    ...options,
  })
  const shell = await shellOf(db, service)
  await service.routes(shell)
  await shell.listen({ host: '127.0.0.1', port })
  const address = shell.addresses()[0]
  const listening = typeof address === 'object' ? address.port : 0
  origin = `http://127.0.0.1:${listening}`
  return {
    db,
    service,
    vault: options.vault,
    shell,
    origin,
    person: (username, facts = {}) => makePerson(db, service, username, facts),
    async again() {
      await shell.close()
      await service.close()
      return open(db, options, listening)
    },
    async close() {
      await shell.close()
      await service.close()
      await db.drop()
    },
  }
}

/** A shell that authenticates as the Registry does, without memberships. */
const shellOf = (db: TestDatabase, service: IdentityService): Promise<Shell> =>
  createShell({
    log: silentLog,
    version: 'test',
    async authenticate({ headers: { authorization } }) {
      if (authorization === undefined) return undefined
      const identity = await service.verify(authorization.slice('Bearer '.length))
      const { session, subject: id, name } = identity
      if (session !== undefined && (await ended(db, session))) throw refuse.unauthenticated()
      return { kind: 'person', id, name, operator: false, tenants: [] }
    },
  })

async function ended(db: TestDatabase, sid: string): Promise<boolean> {
  const [row] = await db.as('pulse_app')<{ ended: boolean }[]>`
    select registry.sign_in_ended(${sid}) as ended`
  return row?.ended === true
}

async function makePerson(
  db: TestDatabase,
  { accounts }: IdentityService,
  username: string,
  facts: { mustChange?: boolean },
): Promise<TestPerson> {
  const id = newId('pe', Date.now())
  const password = `the password of ${username}`
  await db.superuser()`
    insert into registry.person (id, subject, username, name, email, email_verified)
    values (${id}, ${id}, ${username}, ${`Name of ${username}`}, ${`${username}@pulse.test`}, true)`
  const hash = await accounts.hash(password)
  await inTenant(db.as('pulse_app'), 0, (sql) =>
    accounts.put(sql, id, hash, facts.mustChange === true),
  )
  return { id, username, password }
}
