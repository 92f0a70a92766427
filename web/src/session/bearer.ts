import { dropSession, isSignedIn, onSessionChange, readSession } from './kept-session.ts'
import { local } from './problem.ts'
import { refresh } from './refresh.ts'
import { keepRefreshToken, readRefreshToken } from './refresh-token.ts'

/** The access token of this tab. It is in memory only: a reload gets the next one. */
interface Access {
  readonly token: string
  /** From then on the next one is fetched, epoch milliseconds. */
  readonly renewAt: number
}

const AHEAD_MS = 60_000
const AGAIN_MS = 10_000
const LOCK = 'pulse.session'
let access: Access | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let renewing: Promise<string> | undefined

/** Takes over an access token that is good for `livesMs`; the next one comes a minute before. */
export function takeAccess(token: string, livesMs: number) {
  const spanMs = Math.max(livesMs - AHEAD_MS, livesMs / 2)
  access = { token, renewAt: Date.now() + spanMs }
  renewIn(spanMs)
}

function renewIn(ms: number) {
  clearTimeout(timer)
  timer = setTimeout(() => {
    // What did not answer is asked again; what was refused has ended the session.
    renew(access?.token).catch(() => isSignedIn() && renewIn(AGAIN_MS))
  }, ms)
}

onSessionChange(() => {
  if (isSignedIn()) return
  access = undefined
  clearTimeout(timer)
})

/** The access token that this tab holds, fresh or not. */
export const heldToken = () => access?.token

/** The access token for a request, fetched anew if need be. @throws `portal.signed-out` */
export async function bearer(): Promise<string> {
  if (!isSignedIn()) throw signedOut()
  if (access && Date.now() < access.renewAt) return access.token
  return renew(access?.token)
}

/**
 * The next access token. `worn` is the one not to use any more: if another was fetched meanwhile,
 * that is the next. @throws `portal.signed-out` when the session has ended, `portal.unreachable`
 */
export function renew(worn: string | undefined): Promise<string> {
  if (access && access.token !== worn) return Promise.resolve(access.token)
  // One tab at a time: a refresh token that is used twice ends the session.
  renewing ??= navigator.locks.request(LOCK, refreshOnce).finally(() => {
    renewing = undefined
  })
  return renewing
}

async function refreshOnce(): Promise<string> {
  const session = readSession()
  if (!session) throw signedOut()
  const refreshToken = await readRefreshToken(session.id)
  // An issuer may give none: then the session ends with its access token, or with a reload.
  if (refreshToken === undefined) return ended()
  const next = await refresh(session, refreshToken).catch((cause: unknown) => {
    throw local('portal.unreachable', 'Pulse cannot be reached.', {
      remedy: 'Check that the server runs and that this machine has a network.',
      cause,
    })
  })
  if (!next) return ended()
  if (next.refreshToken !== undefined) await keepRefreshToken(session.id, next.refreshToken)
  // Signed out while the answer was under way: then it is worth nothing.
  if (readSession()?.id !== session.id) throw signedOut()
  takeAccess(next.access, next.livesMs)
  return next.access
}

function ended(): never {
  dropSession({ kind: 'expired' })
  throw signedOut()
}

/** What still asks after the session has ended is not worth a request. */
const signedOut = () =>
  local('portal.signed-out', 'You are not signed in.', { remedy: 'Sign in again.' })
