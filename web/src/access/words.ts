import type { ApiKey, MemberFacts, RoleFacts } from '@pulse/contract'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const steps: readonly (readonly [upTo: number, unit: number, one: string, many: string])[] = [
  [HOUR, MINUTE, 'minute', 'minutes'],
  [2 * DAY, HOUR, 'hour', 'hours'],
  [60 * DAY, DAY, 'day', 'days'],
  [730 * DAY, 30.44 * DAY, 'month', 'months'],
  [Number.POSITIVE_INFINITY, 365.25 * DAY, 'year', 'years'],
]

/** A distance in time by one rounded unit: `40 minutes`, `3 months`. */
export function roughly(ms: number): string {
  if (ms < MINUTE) return 'less than a minute'
  const step = steps.find(([upTo]) => ms < upTo) ?? steps[4]
  if (!step) return ''
  const count = Math.round(ms / step[1])
  return `${count} ${count === 1 ? step[2] : step[3]}`
}

/** When something ends, as one says it: `in 3 months`, `2 days ago`. */
export function whenEnds(expiresAt: string, now: number): string {
  const left = Date.parse(expiresAt) - now
  return left > 0 ? `in ${roughly(left)}` : `${roughly(-left)} ago`
}

export const sourceWords: Readonly<Record<MemberFacts['source'], string>> = {
  invited: 'invitation',
  claims: 'identity provider',
  made: 'made with the tenant',
}

const builtInWords: Readonly<Record<string, string>> = {
  viewer: 'sees what runs, changes nothing',
  technician: 'also acknowledges alerts and sends commands',
  engineer: 'also registers devices, writes rules, replays dead letters',
  admin: 'everything, people and keys included',
}

/** What a role is for, in a line. */
export const roleWords = ({ key, permissions }: RoleFacts): string =>
  builtInWords[key] ?? `${permissions.length} permissions`

/** `Night shift` → `night-shift`: the key that a name suggests. */
export const keyOfName = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '')

export type KeyState = 'in force' | 'ends soon' | 'expired' | 'revoked'

const SOON_MS = 14 * DAY

/** How a key stands; `ends soon` is 14 days ahead. */
export function keyState({ revokedAt, expiresAt }: ApiKey, now: number): KeyState {
  if (revokedAt !== null) return 'revoked'
  const left = Date.parse(expiresAt) - now
  if (left <= 0) return 'expired'
  return left < SOON_MS ? 'ends soon' : 'in force'
}

export const hasEnded = (key: ApiKey, now: number): boolean =>
  key.revokedAt !== null || Date.parse(key.expiresAt) <= now
