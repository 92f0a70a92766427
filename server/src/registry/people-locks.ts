import type { PersonLock } from '@pulse/contract'
import { type Database, recordForPlatform } from '#platform'
import type { Act } from './act.ts'
import { available } from './available.ts'
import { refuse } from './errors.ts'
import { usernameOf } from './people-made.ts'

/** The access of people to every tenant, which operators of the platform end and restore. */
export interface PersonLocks {
  /**
   * Ends the access of a person everywhere, or restores it; open sessions feel it at once.
   * @throws `registry.unknown-person`, `registry.last-operator`
   */
  set(by: Omit<Act, 'tenant'>, lock: PersonLock): Promise<void>
}

export interface PersonLocksDeps {
  readonly app: Database
  /** Who may do what has changed: what is remembered of it is to be dropped. */
  readonly changed: () => void
}

export function createPersonLocks({ app, changed }: PersonLocksDeps): PersonLocks {
  return {
    async set(by, { username, issuer, active, reason }) {
      await available(
        app.begin(async (sql) => {
          const [row] = await sql<{ person: string; outcome: string }[]>`
            select * from registry.set_person_active(${usernameOf(username)}, ${issuer ?? null}, ${active})`
          const { person, outcome } = row ?? { person: '', outcome: 'unknown' }
          refuseOutcome(outcome)
          if (outcome === 'unchanged') return
          await recordForPlatform(sql, {
            ...by,
            action: active ? 'registry.person-restored' : 'registry.person-locked-out',
            subject: `person:${person}`,
            before: { active: !active },
            after: { active, username, reason },
          })
        }),
      )
      changed()
    },
  }
}

function refuseOutcome(outcome: string): void {
  if (outcome === 'unknown') throw refuse.unknownPerson()
  if (outcome === 'last') throw refuse.lastOperator()
  if (outcome === 'several') {
    const detail = 'People of two identity providers have this user name: name the issuer.'
    throw refuse.unknownPerson({ detail })
  }
}
