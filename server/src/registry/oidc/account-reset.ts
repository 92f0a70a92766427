import type { Clock, Database } from '#platform'
import { hashPassword, type PasswordCost, passwordCost } from '../passwords.ts'
import { usernameOf } from '../people-made.ts'
import { findAccount, putAccount, setTotp } from './account-rows.ts'
import { changeOfPerson } from './audited.ts'
import { endSignInRows } from './sign-in-rows.ts'

export interface AccountResetDeps {
  /** A pool as `pulse_owner`, or as `pulse_app`. */
  readonly app: Database
  readonly clock: Clock
  readonly passwordCost?: PasswordCost
}

const actor = { kind: 'system', id: 'command-line' } as const

/**
 * Makes a function that lets the owner of an account in again who has lost password or
 * authenticator: a password that must be changed, no second factor, no open sign-in. It answers
 * false when nobody has the username.
 */
export function createAccountReset({ app, clock, ...deps }: AccountResetDeps) {
  return async (typed: string, password: string): Promise<boolean> => {
    const found = await findAccount(app, { username: usernameOf(typed) })
    if (!found) return false
    const { person } = found
    const passwordHash = await hashPassword(password, deps.passwordCost ?? passwordCost)
    await changeOfPerson(app, found.tenants, async (sql) => {
      await putAccount(sql, { person, passwordHash, mustChange: true, atMs: clock.now() })
      await setTotp(sql, person, null, 0)
      await endSignInRows(sql, person, { but: undefined }, clock.now())
      const subject = `person:${person}`
      return { value: undefined, entry: { actor, action: 'registry.account-reset', subject } }
    })
    return true
  }
}
