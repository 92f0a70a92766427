import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'
import { type ApiProblem, local } from './problem.ts'

const AGAIN = 'Begin again. If it happens again, tell whoever runs Pulse the code and the time.'

/** A callback that no sign-in of this tab waits for: forged, late, or of another tab. */
export const strayCallback = (): ApiProblem =>
  local('portal.stray-sign-in', 'This answer belongs to no sign-in of this window.', {
    detail: 'It was begun in another window, took longer than an hour, or did not come from here.',
    remedy: 'Begin again here.',
  })

/** A page that is neither HTTPS nor on this machine cannot do the cryptography of a sign-in. */
export const insecurePage = (): ApiProblem =>
  local('portal.insecure-page', 'Signing in needs HTTPS.', {
    detail: `The browser holds ${window.location.origin} for insecure.`,
    remedy: 'Open Pulse by its https:// address.',
  })

/** Says why signing in failed, whatever the library threw. */
export function signInProblem(cause: unknown): never {
  if (cause instanceof AuthorizationResponseError) throw refusedByIssuer(cause)
  if (cause instanceof ResponseBodyError) {
    throw local('portal.code-refused', 'The identity provider did not take the sign-in back.', {
      detail: `It said ${cause.error}${cause.error_description ? `: ${cause.error_description}` : ''}.`,
      remedy: AGAIN,
      cause,
    })
  }
  if (isUnreachable(cause)) {
    throw local('portal.issuer-unreachable', 'The identity provider cannot be reached.', {
      remedy: 'Check the network, and that its address may be reached from this browser.',
      cause,
    })
  }
  throw local('portal.bad-sign-in', 'The identity provider’s answer failed a check.', {
    detail: cause instanceof Error ? `${cause.message}.` : String(cause),
    remedy: AGAIN,
    cause,
  })
}

function refusedByIssuer(cause: AuthorizationResponseError): ApiProblem {
  const { error, error_description: detail } = cause
  if (error === 'access_denied') {
    return local('portal.sign-in-refused', 'You were not signed in.', {
      detail: detail ?? 'It was called off, or the identity provider does not let you in.',
      remedy: 'Try again, or ask whoever manages your account.',
      cause,
    })
  }
  return local('portal.sign-in-refused', 'The identity provider refused the sign-in.', {
    detail: `It said ${error}${detail ? `: ${detail}` : ''}.`,
    remedy: AGAIN,
    cause,
  })
}

/** Fetch fails with a TypeError when nobody answers; the library says when it waited too long. */
const isUnreachable = (cause: unknown) =>
  cause instanceof TypeError ||
  (cause instanceof Error && 'code' in cause && cause.code === 'OAUTH_TIMEOUT')
