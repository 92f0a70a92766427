import type { Entering } from '@pulse/contract'
import { type Actor, type Clock, type Database, inTenant, newId, type TenantSql } from '#platform'
import type { Act } from './act.ts'
import { available } from './available.ts'
import { refuse } from './errors.ts'
import { auditTwice } from './tenants-life.ts'
import { selectTenant } from './tenants-rows.ts'

/** A tenant in which an operator stays now. */
export interface Stay {
  readonly id: string
  readonly tenant: number
  readonly key: string
  readonly name: string
  readonly region: string
  readonly suspended: boolean
  /** A built-in role. */
  readonly role: string
  readonly reason: string
  readonly until: Date
}

/** What an operator asks for. */
export interface EnteringDraft {
  readonly reason: string
  /** At most 240. */
  readonly minutes: number
  readonly role: Entering['role']
}

/** Limited stays of operators in tenants. They end by the clock, or by leaving. */
export interface Enterings {
  /** Begins a stay; an earlier one of the same operator in this tenant ends with it. */
  enter(act: Act, draft: EnteringDraft): Promise<Entering>
  /** Ends a stay now. @throws `registry.unknown-entering` when there is none, or it has ended */
  leave(by: Omit<Act, 'tenant'>, id: string): Promise<void>
  /** Who entered this tenant, the newest first. */
  ofTenant(tenant: number): Promise<readonly Entering[]>
}

export interface EnteringsDeps {
  readonly app: Database
  readonly clock: Clock
  /** Who may do what has changed: what is remembered of it is to be dropped. */
  readonly changed: () => void
}

const MINUTE_MS = 60_000
const LISTED = 200

/** Where an operator stays now; nothing for one who is an operator no more. */
export const enteringsOf = (
  app: Database,
  person: string,
  nowMs: number,
): Promise<readonly Stay[]> =>
  available(app<Stay[]>`select * from registry.enterings_of(${person}, ${new Date(nowMs)})`)

export function createEnterings({ app, clock, changed }: EnteringsDeps): Enterings {
  return {
    async enter(act, draft) {
      const now = new Date(clock.now())
      const made = await inTenant(app, act.tenant, (sql) => enter(sql, act, draft, now))
      changed()
      return made
    },
    async leave(by, id) {
      const [place] = await available(
        app<{ tenant: number }[]>`select tenant from registry.entering_place(${id})`,
      )
      if (!place) throw refuse.unknownEntering()
      await inTenant(app, place.tenant, async (sql) => {
        const { key } = await selectTenant(sql)
        const [ended] = await end(sql, new Date(clock.now()), sql`id = ${id}`)
        if (!ended) throw refuse.unknownEntering()
        const act = { ...by, tenant: place.tenant }
        const before = { id, person: ended.person }
        await auditTwice(sql, act, 'registry.tenant-left', { subject: `tenant:${key}`, before })
      })
      changed()
    },
    ofTenant: (tenant) => inTenant(app, tenant, list),
  }
}

async function enter(
  sql: TenantSql,
  act: Act,
  draft: EnteringDraft,
  beganAt: Date,
): Promise<Entering> {
  const { key } = await selectTenant(sql)
  await end(sql, beganAt, sql`person = ${act.actor.id}`)
  const { reason, role, minutes } = draft
  const id = newId('en', beganAt.getTime())
  const until = new Date(beganAt.getTime() + minutes * MINUTE_MS)
  const person = { person: act.actor.id, personName: nameOf(act.actor) }
  const made = { id, ...person, reason, role, beganAt, until }
  await insert(sql, made)
  const after = { id, reason, role, until }
  await auditTwice(sql, act, 'registry.tenant-entered', { subject: `tenant:${key}`, after })
  return wire({ ...made, tenant: key, endedAt: null })
}

const nameOf = ({ id, name }: Actor): string => name ?? id

type Row = Omit<Entering, 'beganAt' | 'until' | 'endedAt'> & {
  readonly beganAt: Date
  readonly until: Date
  readonly endedAt: Date | null
}

const insert = (sql: TenantSql, row: Omit<Row, 'tenant' | 'endedAt'>) => sql`
  insert into registry.entering (id, person, person_name, reason, role, began_at, until)
  values (${row.id}, ${row.person}, ${row.personName}, ${row.reason}, ${row.role}, ${row.beganAt}, ${row.until})`

/** Ends what has not ended; a stay whose time has passed is over already. */
const end = (sql: TenantSql, now: Date, which: ReturnType<TenantSql>) =>
  sql<{ person: string }[]>`
    update registry.entering set ended_at = ${now}
     where ended_at is null and until > ${now} and ${which} returning person`

async function list(sql: TenantSql): Promise<readonly Entering[]> {
  const { key } = await selectTenant(sql)
  const rows = await sql<Row[]>`
    select id, ${key} as tenant, person, person_name as "personName", reason, role,
           began_at as "beganAt", until, ended_at as "endedAt"
      from registry.entering order by began_at desc limit ${LISTED}`
  return rows.map(wire)
}

const wire = (row: Row): Entering => ({
  ...row,
  beganAt: row.beganAt.toISOString(),
  until: row.until.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
})
