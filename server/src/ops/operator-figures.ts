import type { Entering, OperatorTenant } from '@pulse/contract'
import { type Database, unavailableWhenDown } from '#platform'
import type { PlatformAct } from '#registry'

/** What operators see across tenants, read as `pulse_operator`; every look is audited by the database. */
export interface OperatorFigures {
  /** All tenants by key. Figures are of the last minute; large counts are estimates. */
  tenants(by: PlatformAct): Promise<readonly OperatorTenant[]>
  tenant(by: PlatformAct, key: string): Promise<OperatorTenant | undefined>
  /** Stays of operators in tenants, past ones too, the newest first. */
  enterings(by: PlatformAct): Promise<readonly Entering[]>
}

const ENTERINGS_LISTED = 200

interface TenantRow
  extends Omit<OperatorTenant, 'state' | 'createdAt' | 'deleteAfter' | 'messagesByHour'> {
  readonly suspended: boolean
  readonly createdAt: Date
  readonly deleteAfter: Date | null
  readonly messagesByHour: number[]
}

type EnteringRow = Omit<Entering, 'beganAt' | 'until' | 'endedAt'> & {
  readonly beganAt: Date
  readonly until: Date
  readonly endedAt: Date | null
}

/** `operator` is a pool of `pulse_operator`. */
export function createOperatorFigures(deps: {
  readonly operator: Database
  readonly nowMs: () => number
}): OperatorFigures {
  const { operator } = deps
  const read = async (by: PlatformAct, key: string | null): Promise<readonly OperatorTenant[]> => {
    const rows = await down(operator<TenantRow[]>`
      select * from ops.operator_tenants(${byText(by)}::text::json, ${new Date(deps.nowMs())}, ${key})`)
    return rows.map(tenantOf)
  }
  return {
    tenants: (by) => read(by, null),
    tenant: async (by, key) => (await read(by, key))[0],
    async enterings(by) {
      const rows = await down(operator<EnteringRow[]>`
        select * from ops.operator_enterings(${byText(by)}::text::json, ${ENTERINGS_LISTED})`)
      return rows.map((row) => ({
        ...row,
        beganAt: row.beganAt.toISOString(),
        until: row.until.toISOString(),
        endedAt: row.endedAt?.toISOString() ?? null,
      }))
    },
  }
}

const byText = ({ actor, requestId, address }: PlatformAct): string =>
  JSON.stringify({ actor: actor.id, actorName: actor.name, requestId, address })

function tenantOf({ suspended, ...row }: TenantRow): OperatorTenant {
  const standing = suspended ? 'suspended' : 'active'
  return {
    ...row,
    state: row.deleteAfter === null ? standing : 'leaving',
    createdAt: row.createdAt.toISOString(),
    deleteAfter: row.deleteAfter?.toISOString() ?? null,
  }
}

async function down<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query
  } catch (error) {
    throw unavailableWhenDown(error)
  }
}
