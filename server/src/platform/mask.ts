/** What stands in the place of a secret. */
const MASK = '•••'

/** A field whose name ends so holds a secret; `tokenId` and `hasPassword: true` do not. */
const SECRET_NAME =
  /(?:^|[^a-z])(?:secrets?|passwords?|passphrase|tokens?|hash|authorization|cookie|otp|pin|seed|(?:private|api|data|master|signing) ?key|recovery ?codes?)$/

/** What a secret looks like wherever it stands; the first group says of which kind it was. */
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/\b(pulse_[a-z]_|whsec_)[A-Za-z0-9+/=_.•-]+/g, `$1${MASK}`],
  [/\b(eyJ)[\w-]{8,}\.[\w-]+\.[\w-]*/g, `$1${MASK}`],
  [/\b((?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{16,}/gi, `$1${MASK}`],
  [
    /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    `$1${MASK}`,
  ],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi, `$1${MASK}`],
  [
    /([?&](?:access_)?(?:token|secret|password|code|key|sig|signature|api_?key)=)[^&#\s]+/gi,
    `$1${MASK}`,
  ],
]

/**
 * `value` as JSON with every secret masked: the values of fields named as one, and anything that is
 * shaped like one (a token or key of Pulse, a signing secret, a JWT, a private key, a password in a
 * URL). Empty values and booleans stay, since "there is none" is no secret.
 */
export const maskedJson = (value: unknown): string => JSON.stringify(value, maskField)

function maskField(name: string, value: unknown): unknown {
  if (typeof value === 'string') {
    const masked = maskText(value)
    const isPlain = masked === value && value !== '' && !value.endsWith(MASK)
    return isPlain && isSecretName(name) ? MASK : masked
  }
  const isEmpty = value === null || value === undefined || typeof value === 'boolean'
  return isSecretName(name) && !isEmpty ? MASK : value
}

/** A text with what is shaped like a secret masked. */
export function maskText(text: string): string {
  let masked = text
  for (const [shape, mask] of SECRET_TEXT) masked = masked.replace(shape, mask)
  return masked
}

/** `clientSecret`, `client_secret` and `Client-Secret` alike. */
const isSecretName = (name: string): boolean =>
  SECRET_NAME.test(
    name
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .replace(/[^A-Za-z0-9]+/g, ' ')
      .toLowerCase(),
  )
