import type Provider from 'oidc-provider'
import { type Clock, type Database, type Log, PulseError, unavailableWhenDown } from '#platform'
import type { Accounts } from './accounts.ts'
import { createAdapter } from './adapter.ts'
import { createForms, type Forms } from './forms.ts'
import type { KeyRing, KeySet } from './keys.ts'
import { createProvider } from './provider.ts'
import type { SignIns } from './sign-ins.ts'

/** What serves a request under `/auth`: the provider with the keys and the address of now. */
export interface Served {
  readonly origin: string
  readonly provider: Provider
  /** The provider's own request handler. */
  readonly handle: ReturnType<Provider['callback']>
  readonly forms: Forms
}

export interface EmbeddedDeps {
  readonly app: Database
  readonly clock: Clock
  readonly log: Log
  readonly ring: KeyRing
  readonly accounts: Accounts
  readonly signIns: SignIns
  readonly clientId: string
  readonly audience: string
  /** Known only once Pulse listens. */
  readonly origin: () => string
}

/** Gives the provider, made anew when the keys were rotated or the address became known. */
export function createEmbedded(deps: EmbeddedDeps): () => Promise<Served> {
  const adapter = createAdapter(deps.app, deps.clock)
  let made:
    | { readonly origin: string; readonly version: string; readonly served: Served }
    | undefined
  const make = (origin: string, keys: KeySet): Served => {
    const provider = createProvider({ ...deps, origin, keys, adapter })
    provider.on('server_error', (ctx, error) => {
      const known = unavailableWhenDown(error)
      if (known instanceof PulseError && known.retry) {
        ctx.status = known.http
        ctx.set('retry-after', String(known.retryAfterS ?? 2))
      } else deps.log.error({ err: error, requestId: ctx.get('x-request-id') }, 'bug')
    })
    const forms = createForms({ origin, key: keys.cookie })
    return { origin, provider, handle: provider.callback(), forms }
  }
  return async () => {
    const keys = await deps.ring.current()
    const origin = deps.origin()
    if (made?.origin !== origin || made.version !== keys.version) {
      made = { origin, version: keys.version, served: make(origin, keys) }
    }
    return made.served
  }
}
