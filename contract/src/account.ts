import { z } from 'zod'
import { instant } from './ids.ts'

/**
 * What the portal needs to begin a sign-in (OIDC, code flow, PKCE S256). `scope` is sent as it is;
 * the access token that comes back is the bearer of the API. When `embedded`, the portal must run
 * under the origin of `issuer`: a page opened by another name of the same host moves there first.
 */
export const signInFacts = z.object({
  issuer: z.url(),
  clientId: z.string(),
  scope: z.string(),
  /** True for Pulse's own provider: then the person has an account here (`/v1/account`). */
  embedded: z.boolean(),
})
export type SignInFacts = z.infer<typeof signInFacts>

/** The account of the person who asks: what the embedded provider keeps of them. */
export const account = z.object({
  username: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  passwordChangedAt: instant,
  /** True when signing in needs a code of an authenticator beside the password. */
  secondFactor: z.boolean(),
})
export type Account = z.infer<typeof account>

export const PASSWORD_MIN_LENGTH = 12
export const PASSWORD_MAX_LENGTH = 256
/** A password that may be chosen: length is what counts (NIST SP 800-63B), not kinds of characters. */
export const newPassword = z
  .string()
  .min(PASSWORD_MIN_LENGTH, `needs at least ${PASSWORD_MIN_LENGTH} characters`)
  .max(PASSWORD_MAX_LENGTH, `has at most ${PASSWORD_MAX_LENGTH} characters`)

export const passwordChange = z.strictObject({
  current: z.string().min(1).max(PASSWORD_MAX_LENGTH),
  next: newPassword,
})
export type PasswordChange = z.infer<typeof passwordChange>

/** A second factor that is not yet in force; `secret` is shown this once. */
export const secondFactorOffer = z.object({
  /** Base32, for typing. */
  secret: z.string(),
  /** `otpauth://totp/…`, for a QR code. */
  uri: z.string(),
})
export type SecondFactorOffer = z.infer<typeof secondFactorOffer>

/** The six digits that an authenticator shows. */
export const secondFactorCode = z.strictObject({ code: z.string().regex(/^\d{6}$/) })

export const signInId = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/)
/** A sign-in that has not ended: a browser that holds tokens of the person. */
export const ownSignIn = z.object({
  id: signInId,
  beganAt: instant,
  /** When tokens were last given out for it; at most 5 minutes before it was last used. */
  seenAt: instant,
  address: z.string().nullable(),
  /** `User-Agent` of the browser. */
  agent: z.string().nullable(),
  /** The one that this request belongs to. */
  current: z.boolean(),
})
export type OwnSignIn = z.infer<typeof ownSignIn>
