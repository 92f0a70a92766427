import { type Clock, type Database, PulseError } from '#platform'
import { available } from './available.ts'
import { refuse } from './errors.ts'
import type { Identity } from './identity.ts'
import { hashPassword, type PasswordCost, verifyPassword } from './passwords.ts'
import { drawSessionToken, isSessionToken, sha256 } from './secrets.ts'
import { createThrottle } from './throttle.ts'

const SESSION_MS = 12 * 3_600_000
const WINDOW_MS = 15 * 60_000
/** A whole office may sit behind one address. */
const limits = {
  username: { attempts: 8, windowMs: WINDOW_MS },
  address: { attempts: 60, windowMs: WINDOW_MS },
}

export interface SignIn {
  readonly username: string
  readonly password: string
  readonly address: string
}

/** Sessions by a password over the API. */
export interface Sessions {
  /** @throws `registry.wrong-password` for unknown and wrong alike, `platform.limited` */
  signIn(facts: SignIn): Promise<string>
  /** @throws `registry.unauthenticated` */
  verify(token: string): Promise<Identity>
}

export function createSessions(deps: {
  readonly app: Database
  readonly clock: Clock
  readonly passwordCost: PasswordCost
}): Sessions {
  const { app, clock } = deps
  const byUsername = createThrottle(clock, limits.username)
  const byAddress = createThrottle(clock, limits.address)
  // Checked for unknown names, so that they take as long as known ones.
  const nobodysHash = hashPassword(drawSessionToken(), deps.passwordCost)
  nobodysHash.catch(() => {})
  return {
    async signIn({ username: asTyped, password, address }) {
      const username = asTyped.normalize('NFKC').toLowerCase()
      const waitS = Math.max(byAddress.attempt(address), byUsername.attempt(username))
      if (waitS > 0) throw new PulseError('platform.limited', { retryAfterS: waitS })
      const [known] = await available(app<{ person: string; passwordHash: string }[]>`
        select person, password_hash as "passwordHash" from registry.sign_in_facts(${username})`)
      const right = await verifyPassword(password, known?.passwordHash ?? (await nobodysHash))
      if (!known || !right) throw refuse.wrongPassword()
      byUsername.forgive(username)
      byAddress.forgive(address)
      const token = drawSessionToken()
      const nowMs = clock.now()
      await available(app`
        select registry.open_session(${sha256(token)}, ${known.person}, ${new Date(nowMs)},
                                     ${new Date(nowMs + SESSION_MS)})`)
      return token
    },
    async verify(token) {
      if (!isSessionToken(token)) throw refuse.unauthenticated()
      const nowMs = clock.now()
      const [found] = await available(app<
        { person: string; username: string; name: string; expiresAt: Date }[]
      >`
        select person, username, name, expires_at as "expiresAt"
          from registry.session_facts(${sha256(token)}, ${new Date(nowMs)})`)
      if (!found) throw refuse.unauthenticated()
      return {
        issuer: 'embedded',
        subject: found.person,
        session: sha256(token).toString('hex'),
        username: found.username,
        name: found.name,
        email: undefined,
        emailVerified: false,
        claimed: undefined,
        issuedAt: new Date(found.expiresAt.getTime() - SESSION_MS),
        expiresAt: found.expiresAt,
      }
    },
  }
}
