import { type Clock, type Database, type Log, PulseError } from '#platform'
import { refuse } from '../errors.ts'
import { hashPassword, type PasswordCost, verifyPassword } from '../passwords.ts'
import { usernameOf } from '../people-made.ts'
import { createThrottle } from '../throttle.ts'
import { type AccountRow, findAccount } from './account-rows.ts'
import { changeOfPerson, type From } from './audited.ts'
import type { HashQueue } from './hash-queue.ts'

const WINDOW_MS = 15 * 60_000
/** A whole office may sit behind one address. */
const limits = {
  username: { attempts: 8, windowMs: WINDOW_MS },
  address: { attempts: 60, windowMs: WINDOW_MS },
}

export interface GateDeps {
  readonly app: Database
  readonly clock: Clock
  readonly log: Log
  readonly passwordCost: PasswordCost
  readonly queue: HashQueue
}

/**
 * Checks name and password. Attempts are counted per name and per address; an unknown name costs
 * the same work and gets the same answer as a wrong password.
 */
export function createGate(deps: GateDeps) {
  const { app, clock, queue, passwordCost } = deps
  const byUsername = createThrottle(clock, limits.username)
  const byAddress = createThrottle(clock, limits.address)
  // Checked for unknown names, so that they take as long as known ones.
  const nobodys = hashPassword('nobody has this password', passwordCost)
  nobodys.catch(() => {})

  return async (typed: string, password: string, from: From): Promise<AccountRow> => {
    const username = usernameOf(typed)
    const address = from.address ?? ''
    const waitS = Math.max(byAddress.attempt(address), byUsername.attempt(username))
    if (waitS > 0) throw new PulseError('platform.limited', { retryAfterS: waitS })
    // What no username has, the database need not be asked for: it may not even take it.
    const known = isStorable(username) ? await findAccount(app, { username }) : undefined
    const kept = known?.passwordHash ?? (await nobodys)
    const right = await queue(() => verifyPassword(password, kept))
    if (!known || !right) {
      if (known) noteRefusal(deps, known, from)
      throw refuse.wrongPassword()
    }
    byUsername.forgive(username)
    byAddress.forgive(address)
    return known
  }
}

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** Tells the tenants of a person that somebody tried. Not waited for: that would tell who exists. */
function noteRefusal({ app, log }: GateDeps, { person, tenants }: AccountRow, from: From): void {
  const entry = {
    actor: { kind: 'system', id: 'sign-in' },
    action: 'registry.sign-in-refused',
    subject: `person:${person}`,
    ...from,
  } as const
  const noted = changeOfPerson(app, tenants, async () => ({ value: undefined, entry }))
  noted.catch((error: unknown) => log.warn({ err: error }, 'a refused sign-in was not recorded'))
}
