import { type Clock, type Database, type Log, PulseError, type TenantSql } from '#platform'
import { refuse } from '../errors.ts'
import { hashPassword, type PasswordCost } from '../passwords.ts'
import { type AccountRow, findAccount, putAccount } from './account-rows.ts'
import { changeOwn, type From } from './audited.ts'
import { createGate } from './gate.ts'
import { createHashQueue, type HashQueue } from './hash-queue.ts'
import type { Sealer } from './keys.ts'
import { createSecondFactor, type SecondFactor } from './second-factor.ts'

/** The accounts of the embedded provider: passwords and second factors. */
export interface Accounts extends SecondFactor {
  find(by: { username: string } | { person: string }): Promise<AccountRow | undefined>
  /** Hashes a password, when its turn comes. @throws `platform.limited` under a flood */
  hash(password: string): Promise<string>
  /**
   * Makes the account of a person, or gives it another password, in the transaction of the caller,
   * who records it. `mustChange`: the next sign-in asks for a new one.
   */
  put(sql: TenantSql, person: string, passwordHash: string, mustChange: boolean): Promise<void>
  /**
   * The account of who knows its password. Unknown and wrong cost and answer the same.
   * @throws `registry.wrong-password`, `platform.limited`
   */
  check(username: string, password: string, from: From): Promise<AccountRow>
  /** Asks the owner of an account for the password again. @throws `registry.wrong-current-password`, `platform.limited` */
  recheck(account: AccountRow, password: string, from: From): Promise<void>
  /** Gives an account another password, known to its owner. */
  setPassword(account: AccountRow, password: string, from: From): Promise<void>
}

export interface AccountsDeps {
  readonly app: Database
  readonly clock: Clock
  readonly log: Log
  readonly vault: Sealer
  readonly passwordCost: PasswordCost
  readonly queue?: HashQueue
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const { app, clock } = deps
  const queue = deps.queue ?? createHashQueue()
  const hash = (password: string) => queue(() => hashPassword(password, deps.passwordCost))
  const check = createGate({ ...deps, queue })
  return {
    ...createSecondFactor(deps),
    find: (by) => findAccount(app, by),
    hash,
    async put(sql, person, passwordHash, mustChange) {
      await putAccount(sql, { person, passwordHash, mustChange, atMs: clock.now() })
    },
    check,
    async recheck({ username }, password, from) {
      await check(username, password, from).catch((error: unknown) => {
        const wrong = error instanceof PulseError && error.code === 'registry.wrong-password'
        throw wrong ? refuse.wrongCurrentPassword() : error
      })
    },
    async setPassword(account, password, from) {
      const { person } = account
      const facts = { person, passwordHash: await hash(password), mustChange: false }
      await changeOwn(app, account, { action: 'registry.password-changed', from }, (sql) =>
        putAccount(sql, { ...facts, atMs: clock.now() }),
      )
    },
  }
}
