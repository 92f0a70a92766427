import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'

/** How a secret is shown wherever it is not shown for the first time. */
export const MASKED_SECRET = 'whsec_•••'

/** A new secret of 256 bits, in the form of Standard Webhooks. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`

/** The headers of one attempt: the id stays the same over attempts, the time is that of this one. */
export function signedHeaders(
  secret: string,
  id: string,
  atMs: number,
  body: string,
): Readonly<Record<string, string>> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(atMs), body),
  }
}
