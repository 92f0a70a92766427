import { createHash, randomBytes, randomInt } from 'node:crypto'

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'
const CREDENTIAL_LENGTH = 20
const DEVICE_TOKEN = /^pulse_d_([0-9a-z]{8,32})_([A-Za-z0-9_-]{43})$/
const API_KEY = /^pulse_k_([0-9a-z]{16})_([A-Za-z0-9_-]{43})$/
const API_KEY_ID_LENGTH = 16

/** A device token in its two parts. */
export interface DeviceTokenParts {
  /** Public: names the token. */
  readonly credential: string
  /** 256 random bits, base64url. */
  readonly secret: string
}

/** Draws a device token; only the hash of its secret may be kept. */
export function drawDeviceToken(): DeviceTokenParts & {
  readonly token: string
  readonly hash: Buffer
} {
  const credential = drawId(CREDENTIAL_LENGTH)
  const secret = randomBytes(32).toString('base64url')
  return { credential, secret, token: `pulse_d_${credential}_${secret}`, hash: sha256(secret) }
}

/** Takes `pulse_d_{credential}_{secret}` apart; undefined for anything else. */
export function readDeviceToken(token: string): DeviceTokenParts | undefined {
  const match = DEVICE_TOKEN.exec(token)
  return match ? { credential: match[1] as string, secret: match[2] as string } : undefined
}

function drawId(length: number): string {
  let id = ''
  while (id.length < length) id += ALPHABET[randomInt(ALPHABET.length)]
  return id
}

/** Draws an API key, `pulse_k_{id}_{secret}`; only the hash of its secret may be kept. */
export function drawApiKey(): { readonly id: string; readonly key: string; readonly hash: Buffer } {
  const id = drawId(API_KEY_ID_LENGTH)
  const secret = randomBytes(32).toString('base64url')
  return { id, key: `pulse_k_${id}_${secret}`, hash: sha256(secret) }
}

/** Takes `pulse_k_{id}_{secret}` apart; undefined for anything else. */
export function readApiKey(
  key: string,
): { readonly id: string; readonly secret: string } | undefined {
  const match = API_KEY.exec(key)
  return match ? { id: match[1] as string, secret: match[2] as string } : undefined
}

/** Draws the token of an invitation's link; only its hash may be kept. */
export function drawInvitationToken(): { readonly token: string; readonly hash: Buffer } {
  const token = `pulse_i_${randomBytes(32).toString('base64url')}`
  return { token, hash: sha256(token) }
}

/**
 * A fast hash is right here: the input has 256 random bits, so there is nothing to guess, and a
 * slow one would die in a reconnect storm.
 */
export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
