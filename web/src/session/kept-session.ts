import { z } from 'zod'

const SESSION = 'pulse.session'
const ENDING = 'pulse.ending'

/**
 * What is kept of a sign-in, in `localStorage`: with its refresh token, which lies elsewhere, enough
 * for a reload and a second tab to go on.
 */
const keptSession = z.object({
  /** Made up here. */
  id: z.string(),
  /** Whom the issuer calls so; tells one person's session from the next one's. */
  subject: z.string(),
  clientId: z.string(),
  /** What the issuer says of itself: where its token, revocation and sign-out endpoints are. */
  provider: z.looseObject({ issuer: z.string(), token_endpoint: z.string() }),
  /** Tells the issuer, at the end, whose session to end. */
  idToken: z.string().optional(),
})
export type KeptSession = z.infer<typeof keptSession>

const ending = z.object({
  kind: z.enum(['signed-out', 'elsewhere', 'expired', 'refused']),
  /** What was refused and what to do, for `refused`. */
  words: z.string().optional(),
})
/** Why this tab is signed out; the sign-in page says it. */
export type Ending = z.infer<typeof ending>

const listeners = new Set<() => void>()
const tell = () => {
  for (const listener of listeners) listener()
}

function parsed<T extends z.ZodType>(schema: T, text: string | null): z.output<T> | undefined {
  if (text === null) return undefined
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

export const readSession = () => parsed(keptSession, localStorage.getItem(SESSION))
export const isSignedIn = () => readSession() !== undefined

/** One is signed in: here and in the other tabs. */
export function keepSession(session: KeptSession) {
  localStorage.setItem(SESSION, JSON.stringify(session))
  sessionStorage.removeItem(ENDING)
  tell()
}

/** Forgets the session in every tab; each view that shows one's data leaves. */
export function dropSession(why: Ending) {
  if (localStorage.getItem(SESSION) === null) return
  sessionStorage.setItem(ENDING, JSON.stringify(why))
  localStorage.removeItem(SESSION)
  tell()
}

export const readEnding = () => parsed(ending, sessionStorage.getItem(ENDING))
export const forgetEnding = () => sessionStorage.removeItem(ENDING)

/** Calls when one signs in or out, in this tab or another. */
export function onSessionChange(listener: () => void) {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

window.addEventListener('storage', (event) => {
  if (event.key !== SESSION && event.key !== null) return
  const [before, after] = [parsed(keptSession, event.oldValue), readSession()]
  if (!after) sessionStorage.setItem(ENDING, JSON.stringify({ kind: 'elsewhere' }))
  // Somebody else signed in: nothing of the one before may stay in this tab.
  if (before && after && before.subject !== after.subject) return window.location.reload()
  if (Boolean(before) !== Boolean(after)) tell()
})
