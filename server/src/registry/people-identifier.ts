import type { Clock, Principal } from '#platform'
import type { ApiKeys } from './api-keys.ts'
import { refuse } from './errors.ts'
import type { Identity } from './identity.ts'
import type { Finder } from './people-finder.ts'
import { principalOf } from './people-principal.ts'
import type { PersonFacts } from './people-rows.ts'

/** What the principal of a person was made from. */
export interface PersonSource {
  readonly kind: 'person'
  readonly identity: Identity
  readonly facts: PersonFacts
}
type Source = PersonSource | { readonly kind: 'key'; readonly bearer: string }

/** Makes principals, and remembers what each was made from for as long as it lives. */
export interface Identifier {
  /** Who a verified token stands for. @throws `registry.unauthenticated`, `registry.deactivated` */
  person(identity: Identity): Promise<Principal>
  /** Who bears an API key. @throws `registry.unauthenticated` */
  key(bearer: string): Promise<Principal>
  /** The same principal as of now. @throws `registry.unauthenticated` also when the token has expired */
  again(principal: Principal): Promise<Principal>
  /** @throws `registry.people-only` for a key */
  sourceOf(principal: Principal): PersonSource
}

export function createIdentifier(deps: {
  readonly clock: Clock
  readonly finder: Finder
  readonly keys: Pick<ApiKeys, 'authenticate'>
}): Identifier {
  const sources = new WeakMap<Principal, Source>()
  const keep = (principal: Principal, source: Source): Principal => {
    sources.set(principal, source)
    return principal
  }
  const find = (principal: Principal): Source => {
    const source = sources.get(principal)
    if (!source) throw new Error('this principal was not made here')
    return source
  }
  const person = async (identity: Identity): Promise<Principal> => {
    const now = await deps.finder.person(identity)
    return keep(principalOf(now), { kind: 'person', identity, facts: now.facts })
  }
  const key = async (bearer: string): Promise<Principal> =>
    keep(await deps.keys.authenticate(bearer), { kind: 'key', bearer })
  return {
    person,
    key,
    async again(principal) {
      const source = find(principal)
      if (source.kind === 'key') return key(source.bearer)
      const { identity } = source
      if (identity.expiresAt.getTime() <= deps.clock.now()) throw refuse.unauthenticated()
      return person(identity)
    },
    sourceOf(principal) {
      const source = find(principal)
      if (source.kind !== 'person') throw refuse.peopleOnly()
      return source
    },
  }
}
