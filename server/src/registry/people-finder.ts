import type { Clock } from '#platform'
import { refuse } from './errors.ts'
import type { Identity } from './identity.ts'
import { createBriefCache } from './people-cache.ts'
import { type ClaimsDeps, isForeign, isNews, takeClaims } from './people-claims.ts'
import type { PersonNow, Visit } from './people-principal.ts'
import { type PersonFacts, selectPerson } from './people-rows.ts'

/** How long what is known of a person may be old, when another process has changed it. */
const FRESH_MS = 2000

export interface FinderDeps extends ClaimsDeps {
  /** Where an operator stays for a while. */
  readonly visits: (person: string) => Promise<readonly Visit[]>
}

/** Finds the person for whom a verified token stands; one whom an issuer vouches for may be new. */
export interface Finder {
  /** @throws `registry.unauthenticated`, `registry.deactivated` */
  person(identity: Identity): Promise<PersonNow>
  /** Drops what is cached. */
  forget(): void
}

interface Kept {
  readonly facts: PersonFacts
  readonly visits: readonly Visit[]
}

export function createFinder(deps: FinderDeps): Finder {
  const cache = createBriefCache<Kept>(deps.clock, FRESH_MS)
  const look = (identity: Identity): Promise<Kept | undefined> => {
    const { issuer, subject } = identity
    const session = signInOf(identity)
    return cache.get(JSON.stringify([issuer, subject, session]), async () => {
      const facts = await selectPerson(deps.app, { issuer, subject, session })
      if (!facts) return undefined
      return { facts, visits: facts.operator ? await deps.visits(facts.person) : [] }
    })
  }
  const current = async (identity: Identity): Promise<Kept | undefined> => {
    const kept = await look(identity)
    if (!isForeign(identity) || !isNews(kept?.facts, identity)) return kept
    await takeClaims(deps, identity)
    cache.clear()
    return look(identity)
  }
  return {
    async person(identity) {
      const kept = await current(identity)
      if (!kept) throw refuse.unauthenticated()
      const { facts, visits } = kept
      if (facts.endedAt && identity.issuedAt <= facts.endedAt) throw refuse.unauthenticated()
      if (!facts.active) throw refuse.deactivated()
      const operator = isOperator(deps, facts, identity)
      return { facts, operator, visits: operator ? stillThere(deps.clock, visits) : [] }
    },
    forget: cache.clear,
  }
}

/**
 * What ends together when a person signs out: the sign-in of the token, or the token alone when its
 * issuer names none.
 */
export const signInOf = ({ session, subject, issuedAt }: Identity): string =>
  session ?? `${subject} ${issuedAt.toISOString()}`

const stillThere = (clock: Clock, visits: readonly Visit[]): readonly Visit[] =>
  visits.filter(({ until }) => until.getTime() > clock.now())

/** Where an issuer says who is an operator, the token in hand must say it too. */
const isOperator = ({ operatorRole }: ClaimsDeps, facts: PersonFacts, identity: Identity) =>
  facts.operator &&
  (operatorRole === undefined ||
    !isForeign(identity) ||
    identity.claimed.roles.includes(operatorRole))
