import { actionsSealed } from '#actions'
import {
  type Clock,
  type Database,
  every,
  forgetIdempotencyKeys,
  type Log,
  resealAll,
  type SealedColumn,
  type Vault,
} from '#platform'
import { identitySealed } from '#registry'
import { type createPartitions, summariseArrivals } from '#stream'

const MAINTAIN_EVERY_MS = 10_000

/** Every column that the vault keeps: what a rotation of the data key reaches. */
export const sealedColumns: readonly SealedColumn[] = [...actionsSealed, ...identitySealed]

/** Before anything needs a secret. What a rotation or an older Pulse left behind is moved. */
export async function openVault(deps: { vault: Vault; owner: Database; log: Log }): Promise<void> {
  await deps.vault.start()
  const { moved, stuck } = await resealAll(deps.owner, deps.vault, sealedColumns)
  if (moved > 0) deps.log.info({ moved }, 'sealed under the newest data key')
  if (stuck.length > 0) deps.log.error({ stuck }, 'sealed values do not open')
}

interface Upkeep {
  readonly partitions: ReturnType<typeof createPartitions>
  readonly owner: Database
  readonly clock: Clock
  readonly log: Log
}

/** Keeps the database in order: once now, and again and again. */
export async function beginUpkeep(upkeep: Upkeep): Promise<{ stop(): Promise<void> }> {
  await maintain(upkeep)
  return every(
    upkeep.clock,
    MAINTAIN_EVERY_MS,
    () => maintain(upkeep),
    (error) => upkeep.log.warn({ err: error }, 'maintenance waits'),
  )
}

async function maintain({ partitions, owner, clock }: Upkeep): Promise<void> {
  await partitions.maintain(clock.now())
  await summariseArrivals(owner)
  await forgetIdempotencyKeys(owner, clock)
}
