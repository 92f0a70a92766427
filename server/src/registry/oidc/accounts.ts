import {
  type Actor,
  type AuditEntry,
  type Clock,
  type Database,
  type Log,
  PulseError,
  sealedAt,
  type TenantSql,
} from '#platform'
import { refuse } from '../errors.ts'
import { hashPassword, type PasswordCost } from '../passwords.ts'
import { createThrottle } from '../throttle.ts'
import {
  type AccountRow,
  findAccount,
  offerTotp,
  putAccount,
  setTotp,
  takeTotpStep,
} from './account-rows.ts'
import { changeOfPerson } from './audited.ts'
import { createGate } from './gate.ts'
import { createHashQueue, type HashQueue } from './hash-queue.ts'
import type { Sealer } from './keys.ts'
import { drawTotpSecret, totpStepOf, totpUri } from './totp.ts'

/** Wrong codes of one person. */
const CODES = { attempts: 5, windowMs: 15 * 60_000 }

/** Where a request came from, for the audit. */
export interface From {
  readonly address: string | undefined
  readonly requestId: string | undefined
}

/** The accounts of the embedded provider: passwords and second factors. */
export interface Accounts {
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
  /** Checks a code of the second factor; each works once. @throws `registry.wrong-code`, `platform.limited` */
  checkCode(account: AccountRow, code: string): Promise<void>
  /** Gives an account another password, known to its owner. */
  setPassword(account: AccountRow, password: string, from: From): Promise<void>
  /** Draws a second factor, which is not in force until {@link confirmTotp}. */
  offerTotp(account: AccountRow): Promise<{ readonly secret: string; readonly uri: string }>
  /** @throws `registry.wrong-code` when the code is not of the offered secret */
  confirmTotp(account: AccountRow, code: string, from: From): Promise<void>
  /** @throws `registry.wrong-code` */
  removeTotp(account: AccountRow, code: string, from: From): Promise<void>
}

export interface AccountsDeps {
  readonly app: Database
  readonly clock: Clock
  readonly log: Log
  readonly vault: Sealer
  readonly passwordCost: PasswordCost
  readonly queue?: HashQueue
}

const contextOf = (person: string): string => sealedAt('registry.account', person)

export function createAccounts(deps: AccountsDeps): Accounts {
  const { app, clock, vault } = deps
  const queue = deps.queue ?? createHashQueue()
  const hash = (password: string) => queue(() => hashPassword(password, deps.passwordCost))
  const check = createGate({ ...deps, queue })
  const codes = createThrottle(clock, CODES)

  async function stepOf(account: AccountRow, sealed: string | null, code: string): Promise<number> {
    const waitS = codes.attempt(account.person)
    if (waitS > 0) throw new PulseError('platform.limited', { retryAfterS: waitS })
    if (sealed === null) throw refuse.wrongCode()
    const secret = await vault.open(sealed, contextOf(account.person))
    const step = totpStepOf(secret, code, clock.now())
    if (step === undefined || !(await takeTotpStep(app, account.person, step))) {
      throw refuse.wrongCode()
    }
    codes.forgive(account.person)
    return step
  }
  const change = (
    account: AccountRow,
    action: string,
    from: From,
    work: (sql: TenantSql) => PromiseLike<unknown>,
  ) =>
    changeOfPerson(app, account.tenants, async (sql) => {
      await work(sql)
      return { value: undefined, entry: entryOf(account, action, from) }
    })

  return {
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
    checkCode: async (account, code) => void (await stepOf(account, account.totp, code)),
    async setPassword(account, password, from) {
      const facts = {
        person: account.person,
        passwordHash: await hash(password),
        mustChange: false,
      }
      await change(account, 'registry.password-changed', from, (sql) =>
        putAccount(sql, { ...facts, atMs: clock.now() }),
      )
    },
    async offerTotp(account) {
      const secret = drawTotpSecret()
      await offerTotp(app, account.person, await vault.seal(secret, contextOf(account.person)))
      return { secret, uri: totpUri(secret, account.username) }
    },
    async confirmTotp(account, code, from) {
      const step = await stepOf(account, account.totpOffered, code)
      await change(account, 'registry.second-factor-set', from, (sql) =>
        setTotp(sql, account.person, account.totpOffered, step),
      )
    },
    async removeTotp(account, code, from) {
      const step = await stepOf(account, account.totp, code)
      await change(account, 'registry.second-factor-removed', from, (sql) =>
        setTotp(sql, account.person, null, step),
      )
    },
  }
}

/** What people do with their own account. */
export function entryOf(
  { person, name }: Pick<AccountRow, 'person'> & Partial<Pick<AccountRow, 'name'>>,
  action: string,
  from: From,
): AuditEntry {
  const actor: Actor = { kind: 'person', id: person, name }
  return { actor, action, subject: `person:${person}`, ...from }
}
