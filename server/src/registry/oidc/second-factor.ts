import { type Clock, type Database, PulseError, sealedAt } from '#platform'
import { refuse } from '../errors.ts'
import { createThrottle } from '../throttle.ts'
import { type AccountRow, offerTotp, setTotp, takeTotpStep } from './account-rows.ts'
import { changeOwn, type From } from './audited.ts'
import type { Sealer } from './keys.ts'
import { drawTotpSecret, totpStepOf, totpUri } from './totp.ts'

/** Wrong codes of one person. */
const CODES = { attempts: 5, windowMs: 15 * 60_000 }

/** Codes of an authenticator, beside the password. Each works once. */
export interface SecondFactor {
  /** @throws `registry.wrong-code`, `platform.limited` */
  checkCode(account: AccountRow, code: string): Promise<void>
  /** Draws a second factor, which is not in force until {@link confirmTotp}. */
  offerTotp(account: AccountRow): Promise<{ readonly secret: string; readonly uri: string }>
  /** @throws `registry.wrong-code` when the code is not of the offered secret, `platform.limited` */
  confirmTotp(account: AccountRow, code: string, from: From): Promise<void>
  /** @throws `registry.wrong-code`, `platform.limited` */
  removeTotp(account: AccountRow, code: string, from: From): Promise<void>
}

export interface SecondFactorDeps {
  readonly app: Database
  readonly clock: Clock
  readonly vault: Sealer
}

const contextOf = (person: string): string => sealedAt('registry.account', person)

export function createSecondFactor({ app, clock, vault }: SecondFactorDeps): SecondFactor {
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
  return {
    checkCode: async (account, code) => void (await stepOf(account, account.totp, code)),
    async offerTotp(account) {
      const secret = drawTotpSecret()
      await offerTotp(app, account.person, await vault.seal(secret, contextOf(account.person)))
      return { secret, uri: totpUri(secret, account.username) }
    },
    async confirmTotp(account, code, from) {
      const step = await stepOf(account, account.totpOffered, code)
      await changeOwn(app, account, { action: 'registry.second-factor-set', from }, (sql) =>
        setTotp(sql, account.person, account.totpOffered, step),
      )
    },
    async removeTotp(account, code, from) {
      const step = await stepOf(account, account.totp, code)
      await changeOwn(app, account, { action: 'registry.second-factor-removed', from }, (sql) =>
        setTotp(sql, account.person, null, step),
      )
    },
  }
}
