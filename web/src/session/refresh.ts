import { z } from 'zod'
import type { KeptSession } from './kept-session.ts'

/** What a token endpoint answers to a refresh (RFC 6749, 5.1 and 6). */
const answer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.coerce.number().positive().default(300),
  refresh_token: z.string().min(1).optional(),
})

/** An access token, how long it is taken, and what to get the next one with. */
export interface Fresh {
  readonly access: string
  readonly livesMs: number
  readonly refreshToken: string | undefined
}

const PATIENCE_MS = 30_000

/**
 * Uses a refresh token, which is used up by that. Undefined when the issuer refuses it for good.
 * By hand, so that the library for the rest of signing in need not come with every first page.
 * @throws when nobody answers, or not in the way of a token endpoint
 */
export async function refresh(
  { provider, clientId }: KeptSession,
  refreshToken: string,
): Promise<Fresh | undefined> {
  const response = await fetch(provider.token_endpoint, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
    }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  if (isRefusal(response.status)) return undefined
  if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`)
  const said = answer.parse(await response.json())
  return {
    access: said.access_token,
    livesMs: said.expires_in * 1000,
    refreshToken: said.refresh_token,
  }
}

/** Too many requests and timeouts pass; any other 4xx, an endpoint that is gone too, does not. */
const isRefusal = (status: number) =>
  status >= 400 && status < 500 && status !== 408 && status !== 429
