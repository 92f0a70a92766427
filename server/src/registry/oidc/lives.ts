const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400

/** How long things of the embedded provider live, in seconds. */
export const lives = {
  accessToken: 5 * MINUTE_S,
  idToken: HOUR_S,
  /** From the redirect back to the exchange of the code. */
  code: MINUTE_S,
  /** From the first page to the end of signing in. */
  interaction: HOUR_S,
  /** A browser that asks for no token for so long is signed out. */
  idle: 12 * HOUR_S,
  /** After so long a person signs in again, however busy. */
  signIn: 7 * DAY_S,
} as const
