import { z } from 'zod'

const ATTEMPT = 'pulse.signing-in'
/** As long as the embedded provider waits for a password. */
const LIVES_MS = 60 * 60_000

const attempt = z.object({
  state: z.string().min(1),
  verifier: z.string(),
  nonce: z.string(),
  /** Where to go after; written here before leaving, so that no callback can name another place. */
  to: z.string(),
  clientId: z.string(),
  provider: z.looseObject({ issuer: z.string(), token_endpoint: z.string() }),
  at: z.number(),
})
export type Attempt = z.infer<typeof attempt>

/** Keeps what the callback will be checked against, in this tab only; the newest attempt counts. */
export function keepAttempt(begun: Omit<Attempt, 'at'>) {
  sessionStorage.setItem(ATTEMPT, JSON.stringify({ ...begun, at: Date.now() }))
}

/** Takes the attempt that a callback with this state belongs to: once, and not for ever. */
export function takeAttempt(state: string | null): Attempt | undefined {
  const text = sessionStorage.getItem(ATTEMPT)
  if (text === null || state === null) return undefined
  const found = attempt.safeParse(JSON.parse(text)).data
  if (found?.state !== state) return undefined
  sessionStorage.removeItem(ATTEMPT)
  return Date.now() - found.at < LIVES_MS ? found : undefined
}
