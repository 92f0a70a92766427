import type { OperatorFacts } from '@pulse/contract'
import { type Database, recordForPlatform, unavailableWhenDown } from '#platform'
import type { Act } from './act.ts'
import { available } from './available.ts'
import { refuse } from './errors.ts'

/** Who did what an operator does: an act that belongs to no tenant. */
export type PlatformAct = Omit<Act, 'tenant'>

export interface OperatorGrant {
  readonly username: string
  /** Needed only where people of two issuers have one user name. */
  readonly issuer?: string | undefined
  readonly operator: boolean
  readonly reason: string
}

/** Operators of the platform. */
export interface Operators {
  /** All of them; `self` is the person who asks. */
  list(self: string): Promise<readonly OperatorFacts[]>
  /**
   * Makes a person an operator, or no longer one; their stays in tenants end with it.
   * @throws `registry.unknown-person`, `registry.last-operator`
   */
  grant(act: PlatformAct, grant: OperatorGrant): Promise<void>
}

export interface OperatorsDeps {
  readonly app: Database
  /** Who may do what has changed: what is remembered of it is to be dropped. */
  readonly changed: () => void
}

export function createOperators({ app, changed }: OperatorsDeps): Operators {
  return {
    async list(self) {
      const rows = await available(
        app<Omit<OperatorFacts, 'self'>[]>`select * from registry.operators()`,
      )
      return rows.map((row) => ({ ...row, self: row.person === self }))
    },
    async grant(act, grant) {
      try {
        await app.begin((sql) => write(sql, act, grant))
      } catch (error) {
        throw unavailableWhenDown(error)
      }
      changed()
    },
  }
}

type PlatformSql = Parameters<typeof recordForPlatform>[0]

async function write(sql: PlatformSql, act: PlatformAct, grant: OperatorGrant): Promise<void> {
  const { username, issuer, operator, reason } = grant
  const [row] = await sql<{ person: string; outcome: string }[]>`
    select * from registry.set_operator(${username}, ${issuer ?? null}, ${operator})`
  const { person, outcome } = row as { person: string; outcome: string }
  if (outcome === 'unchanged') return
  refuseUnlessDone(outcome)
  await recordForPlatform(sql, {
    ...act,
    action: operator ? 'registry.operator-made' : 'registry.operator-ended',
    subject: `person:${person}`,
    before: { operator: !operator },
    after: { operator, username, reason },
  })
}

function refuseUnlessDone(outcome: string): void {
  if (outcome === 'unknown') throw refuse.unknownPerson()
  if (outcome === 'last') throw refuse.lastOperator()
  if (outcome === 'several') {
    const detail = 'People of two identity providers have this user name: name the issuer.'
    throw refuse.unknownPerson({ detail })
  }
}
