import type { RefusalKind } from './kinds.ts'

interface Refusal {
  readonly kind: RefusalKind
  /** What is wrong, one sentence. */
  readonly text: string
  /** What to do about it, one sentence. */
  readonly remedy: string
}

const define = <const T extends Record<string, Record<string, Refusal>>>(table: T): T => table

/**
 * Every refusal that Pulse can give: module → code. `docs/errors.md` is generated from it and a
 * test holds both equal. Codes are API: `module.code` never changes its meaning.
 */
export const refusals = define({
  platform: {
    invalid: {
      kind: 'invalid',
      text: 'The request does not fit the documented shape.',
      remedy: 'Correct the fields named in the detail.',
    },
    'not-found': {
      kind: 'missing',
      text: 'There is nothing at this address.',
      remedy: 'Check the path against /docs.',
    },
    'media-type': {
      kind: 'media',
      text: 'The body is of a type or encoding that this route does not take.',
      remedy: 'Send application/json, or what /docs names for this route.',
    },
    'too-large': {
      kind: 'large',
      text: 'The body is larger than this route takes.',
      remedy: 'Send less in one request.',
    },
    unavailable: {
      kind: 'unavailable',
      text: 'Pulse cannot take this just now.',
      remedy: 'Try again after the time in Retry-After.',
    },
    limited: {
      kind: 'limited',
      text: 'Too many requests.',
      remedy: 'Slow down and try again after the time in Retry-After.',
    },
    'idempotency-key': {
      kind: 'conflict',
      text: 'This Idempotency-Key was used before with another request.',
      remedy: 'Use a new key for a new request.',
    },
    'idempotency-secret': {
      kind: 'conflict',
      text: 'This request was done before; its answer showed a secret, which is not kept.',
      remedy: 'Look at what was made; if its secret is lost, make another with a new key.',
    },
  },
  registry: {
    unauthenticated: {
      kind: 'unauthenticated',
      text: 'You are not signed in, or the session has ended.',
      remedy: 'Sign in again.',
    },
    'wrong-password': {
      kind: 'unauthenticated',
      text: 'The name or the password is wrong.',
      remedy: 'Check both; the demo account is printed at the first start.',
    },
    forbidden: {
      kind: 'forbidden',
      text: 'Your role does not permit this.',
      remedy: 'Ask an admin of the tenant for the permission named in the detail.',
    },
    'operators-only': {
      kind: 'forbidden',
      text: 'Only operators of the platform may do this.',
      remedy: 'Ask whoever runs this Pulse.',
    },
    'people-only': {
      kind: 'forbidden',
      text: 'An API key cannot do this; it is for people.',
      remedy: 'Sign in as a person.',
    },
    deactivated: {
      kind: 'forbidden',
      text: 'Your access to this Pulse has been ended.',
      remedy: 'Ask whoever runs this Pulse.',
    },
    'beyond-own': {
      kind: 'forbidden',
      text: 'Nobody grants more than they have, nor changes who may do more than they.',
      remedy: 'Ask somebody who has the permissions named in the detail.',
    },
    'other-email': {
      kind: 'forbidden',
      text: 'This invitation is for another e-mail address, or nobody has verified that yours is yours.',
      remedy: 'Sign in with the account of the invited address, or ask for an invitation to yours.',
    },
    suspended: {
      kind: 'forbidden',
      text: 'This tenant is suspended: it can be read and exported, not changed.',
      remedy: 'Ask whoever runs this Pulse to resume it.',
    },
    'unknown-tenant': {
      kind: 'missing',
      text: 'There is no such tenant, or you do not belong to it.',
      remedy: 'Check the Pulse-Tenant header.',
    },
    'unknown-member': {
      kind: 'missing',
      text: 'There is no such person in this tenant.',
      remedy: 'Use the id of a person listed at /v1/members.',
    },
    'unknown-role': {
      kind: 'missing',
      text: 'There is no such role in this tenant.',
      remedy: 'Use the key of a role listed at /v1/roles.',
    },
    'unknown-invitation': {
      kind: 'missing',
      text: 'There is no such invitation, or it was used, withdrawn or has expired.',
      remedy: 'Ask an admin of the tenant for a new one.',
    },
    'wrong-code': {
      kind: 'forbidden',
      text: 'The code is wrong, or was used before.',
      remedy: 'Enter the code that the authenticator shows now; each works once.',
    },
    'wrong-current-password': {
      kind: 'forbidden',
      text: 'The current password is wrong.',
      remedy: 'Enter the password that you signed in with.',
    },
    'foreign-account': {
      kind: 'conflict',
      text: 'Your account is kept by an identity provider, not by Pulse.',
      remedy: 'Change it where you sign in.',
    },
    'no-second-factor': {
      kind: 'conflict',
      text: 'No second factor waits to be confirmed or removed.',
      remedy: 'Ask for one first.',
    },
    'unknown-sign-in': {
      kind: 'missing',
      text: 'There is no such sign-in, or it has ended.',
      remedy: 'Use the id of a sign-in listed at /v1/account/sign-ins.',
    },
    'unknown-key': {
      kind: 'missing',
      text: 'There is no such API key in this tenant.',
      remedy: 'Use the id of a key listed at /v1/api-keys.',
    },
    'tenant-exists': {
      kind: 'conflict',
      text: 'A tenant with this key exists already.',
      remedy: 'Choose another key.',
    },
    'tenant-leaving': {
      kind: 'conflict',
      text: 'This tenant is about to be deleted.',
      remedy: 'Keep it first, as long as its waiting period has not passed.',
    },
    'tenant-stays': {
      kind: 'conflict',
      text: 'This tenant is not about to be deleted, or its deletion has begun.',
      remedy: 'Look at the list of tenants.',
    },
    'not-suspended': {
      kind: 'conflict',
      text: 'This tenant is not suspended.',
      remedy: 'Nothing needs to be done.',
    },
    'wrong-confirmation': {
      kind: 'invalid',
      text: 'The key in the confirmation is not the key of this tenant.',
      remedy: 'Repeat the key of the tenant that is to be deleted.',
    },
    'unknown-entering': {
      kind: 'missing',
      text: 'There is no such stay, or it has ended.',
      remedy: 'Look at the list of enterings.',
    },
    'unknown-person': {
      kind: 'missing',
      text: 'There is no such person.',
      remedy: 'Check the user name; a person exists once they have signed in.',
    },
    'last-operator': {
      kind: 'conflict',
      text: 'This is the last operator of the platform.',
      remedy: 'Make somebody else an operator first.',
    },
    'unknown-device': {
      kind: 'missing',
      text: 'There is no such device in this tenant.',
      remedy: 'Check the key, or register the device first.',
    },
    'unknown-type': {
      kind: 'missing',
      text: 'There is no such device type in this tenant.',
      remedy: 'Use a type listed at /v1/types.',
    },
    'unknown-site': {
      kind: 'missing',
      text: 'There is no such site in this tenant.',
      remedy: 'Use a site listed at /v1/sites.',
    },
    'unknown-token': {
      kind: 'missing',
      text: 'The device has no such token.',
      remedy: 'List the tokens of the device and use one of their ids.',
    },
    'last-admin': {
      kind: 'conflict',
      text: 'The tenant would be left without an active person who may manage people.',
      remedy: 'Give somebody else a role with member.write first.',
    },
    'claimed-role': {
      kind: 'conflict',
      text: 'This role follows what the identity provider says of the person.',
      remedy: 'Change it at the identity provider, or deactivate the person here.',
    },
    'built-in-role': {
      kind: 'conflict',
      text: 'This role is built in and stays as it is.',
      remedy: 'Make a role of your own under another key.',
    },
    'role-in-use': {
      kind: 'conflict',
      text: 'Somebody has this role, or is invited to it.',
      remedy: 'Give them another role and withdraw the invitations first.',
    },
    'already-member': {
      kind: 'conflict',
      text: 'This person belongs to the tenant already.',
      remedy: 'Change their role, or activate them again, at /v1/members.',
    },
    'already-invited': {
      kind: 'conflict',
      text: 'There is an open invitation for this address.',
      remedy: 'Withdraw it first if its link is lost.',
    },
    'username-taken': {
      kind: 'conflict',
      text: 'Somebody else has this username.',
      remedy: 'Choose another.',
    },
    'device-exists': {
      kind: 'conflict',
      text: 'A device with this key exists already.',
      remedy: 'Choose another key; keys are unique in a tenant.',
    },
    'bad-query': {
      kind: 'invalid',
      text: 'The fleet query cannot be read.',
      remedy: 'Correct it at the position named in the detail.',
    },
  },
  connect: {
    malformed: {
      kind: 'malformed',
      text: 'The payload is not well-formed UTF-8 JSON.',
      remedy: 'Send one JSON envelope, or an array of them, as UTF-8 text.',
    },
    'unsupported-version': {
      kind: 'invalid',
      text: 'The envelope version is not supported.',
      remedy: 'Send "v": 1.',
    },
    schema: {
      kind: 'invalid',
      text: 'The envelope does not fit Pulse Envelope v1.',
      remedy: 'Correct the field named in the message.',
    },
    'too-large': {
      kind: 'large',
      text: 'The payload is larger than 128 KiB.',
      remedy: 'Split it into several messages.',
    },
    'clock-ahead': {
      kind: 'invalid',
      text: 'The message is dated more than 10 minutes ahead.',
      remedy: 'Send UTC, set the clock of the device, or leave ts out.',
    },
    'too-old': {
      kind: 'invalid',
      text: 'The message is older than what this tenant keeps.',
      remedy: 'Set the clock of the device; older data cannot be stored.',
    },
    topic: {
      kind: 'forbidden',
      text: 'The device may not use this topic.',
      remedy: 'Publish to ~/telemetry, ~/event or ~/status of the device itself.',
    },
    unauthenticated: {
      kind: 'unauthenticated',
      text: 'The device name or its token is wrong.',
      remedy: 'Use {tenant}/{device} as user name and a current token as password.',
    },
    revoked: {
      kind: 'unauthenticated',
      text: 'The token of the device was revoked.',
      remedy: 'Create a new token for the device.',
    },
    suspended: {
      kind: 'forbidden',
      text: 'The tenant is suspended and takes no messages.',
      remedy: 'Ask the operator of the platform.',
    },
    rate: {
      kind: 'limited',
      text: 'The device or its tenant sends faster than allowed.',
      remedy: 'Send less often, or raise the limit; resend what was not acknowledged.',
    },
    quota: {
      kind: 'limited',
      text: 'The quota of the tenant is used up.',
      remedy: 'Raise the quota; resend what was not acknowledged.',
    },
    unavailable: {
      kind: 'unavailable',
      text: 'Pulse cannot store messages just now.',
      remedy: 'Connect again in a moment; resend what was not acknowledged.',
    },
    protocol: {
      kind: 'malformed',
      text: 'The client broke the MQTT protocol.',
      remedy: 'Check the client library; the message names the rule.',
    },
    'command-result': {
      kind: 'missing',
      text: 'There is no such command for this device.',
      remedy: 'Answer on commands/{id}/result with the id of a command that was received.',
    },
  },
  stream: {
    'bad-range': {
      kind: 'invalid',
      text: 'The time range is empty or too long.',
      remedy: 'Give from before to, at most 400 days apart.',
    },
  },
  rules: {
    'unknown-alert': {
      kind: 'missing',
      text: 'There is no such alert in this tenant.',
      remedy: 'Check the id.',
    },
    'unknown-rule': {
      kind: 'missing',
      text: 'There is no such rule in this tenant.',
      remedy: 'Check the key.',
    },
    'bad-rule': {
      kind: 'invalid',
      text: 'The rule cannot be used.',
      remedy: 'Correct the part named in the detail.',
    },
    'not-open': {
      kind: 'conflict',
      text: 'The alert is not open any more.',
      remedy: 'Nothing needs to be done; it cleared meanwhile.',
    },
  },
  actions: {
    'unknown-delivery': {
      kind: 'missing',
      text: 'There is no such delivery in this tenant.',
      remedy: 'Check the id.',
    },
    'unknown-destination': {
      kind: 'missing',
      text: 'There is no such destination in this tenant.',
      remedy: 'Check the key.',
    },
    'not-dead': {
      kind: 'conflict',
      text: 'Only a dead letter can be replayed.',
      remedy: 'Wait until the delivery has succeeded or has run out of attempts.',
    },
    'bad-destination': {
      kind: 'invalid',
      text: 'The destination cannot be used.',
      remedy: 'Correct the part named in the detail.',
    },
    'private-address': {
      kind: 'forbidden',
      text: 'The destination leads to a private, loopback or link-local address.',
      remedy: 'Use a public address, or have the platform operator allow this one.',
    },
  },
  ops: {
    'unknown-export': {
      kind: 'missing',
      text: 'There is no such export in this tenant, or its archive was deleted.',
      remedy: 'List the exports, or ask for another.',
    },
    'export-running': {
      kind: 'conflict',
      text: 'An export of this tenant is under way.',
      remedy: 'Wait until it is ready.',
    },
    'export-not-ready': {
      kind: 'conflict',
      text: 'The export has no archive yet.',
      remedy: 'Look at its state, and fetch the archive when it is ready.',
    },
  },
})

export type RefusalModule = keyof typeof refusals
export type RefusalCode<M extends RefusalModule = RefusalModule> = M extends RefusalModule
  ? `${M}.${keyof (typeof refusals)[M] & string}`
  : never

/** Looks a refusal up by its full code, `module.code`. */
export function refusalOf(code: RefusalCode): Refusal {
  const dot = code.indexOf('.')
  const module: Readonly<Record<string, Refusal>> = refusals[code.slice(0, dot) as RefusalModule]
  const found = module[code.slice(dot + 1)]
  if (!found) throw new Error(`no refusal has the code ${code}`)
  return found
}
