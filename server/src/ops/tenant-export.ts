import { mkdir, open as openFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { TenantExport } from '@pulse/contract'
import {
  type Clock,
  type Database,
  every,
  inTenant,
  type Log,
  newId,
  PulseError,
  record,
  schemaVersion,
  unavailableWhenDown,
} from '#platform'
import type { Act, Registry } from '#registry'
import { writeArchive } from './tenant-export-archive.ts'
import {
  type DueExport,
  deleteExport,
  expireOlder,
  insertExport,
  noteFailed,
  noteProgress,
  noteReady,
  selectDueExports,
  selectExport,
  selectExports,
} from './tenant-export-rows.ts'

const KEPT_MS = 24 * 3_600_000
const LOOK_EVERY_MS = 30_000

export interface ExportsDeps {
  /** Pool of `pulse_app`, of one connection of its own: an export holds it until it is done. */
  readonly snapshot: Database
  readonly app: Database
  readonly clock: Clock
  readonly log: Log
  readonly tenants: Registry['tenants']
  /** Folder of the archives. */
  readonly folder: string
  readonly version: string
}

/** Exports of tenants, whole. One is made after the other; a restart begins an unfinished one anew. */
export interface Exports {
  /** Asks for one. @throws `ops.export-running` */
  begin(act: Act): Promise<TenantExport>
  list(tenant: number): Promise<readonly TenantExport[]>
  /** The archive, audited. @throws `ops.unknown-export`, `ops.export-not-ready` */
  open(act: Act, id: string): Promise<{ readonly archive: Readable; readonly facts: TenantExport }>
  /** Deletes the archives of a tenant that is deleted. */
  forget(tenant: number): Promise<void>
  /** Makes what waits, and deletes what has expired, now. */
  work(): Promise<void>
  start(): void
  stop(): Promise<void>
}

export function createExports(deps: ExportsDeps): Exports {
  const { app, clock, log } = deps
  let loop: { stop(): Promise<void> } | undefined
  let working: Promise<void> = Promise.resolve()
  let stopping = false

  async function round(): Promise<void> {
    for (const due of await selectDueExports(app, clock.now())) {
      if (stopping) return
      if (due.expired) await expire(deps, due)
      else await make(deps, due, () => stopping)
    }
  }
  // One after the other, however many ask.
  const work = (): Promise<void> => {
    const next = working.then(round)
    working = next.catch(() => {})
    return next
  }
  const complain = (error: unknown) => log.warn({ err: error }, 'an export waits')

  return {
    async begin(act) {
      const made = await inTenant(app, act.tenant, async (sql) => {
        const atMs = clock.now()
        const by = act.actor.name ?? act.actor.id
        const queued = await insertExport(sql, { id: newId('ex', atMs), by, atMs })
        if (!queued) throw new PulseError('ops.export-running')
        await record(sql, { ...act, action: 'ops.export-begun', subject: `export:${queued.id}` })
        return queued
      })
      work().catch(complain)
      return made
    },
    list: (tenant) => inTenant(app, tenant, selectExports),
    open: (act, id) => open(deps, act, id),
    forget: (tenant) => rm(folderOf(deps, tenant), { recursive: true, force: true }),
    work,
    start() {
      work().catch(complain)
      loop = every(clock, LOOK_EVERY_MS, work, complain)
    },
    async stop() {
      stopping = true
      await loop?.stop()
      await deps.snapshot.end({ timeout: 1 })
      await working
    },
  }
}

const folderOf = ({ folder }: ExportsDeps, tenant: number): string => join(folder, String(tenant))
const pathOf = (deps: ExportsDeps, { tenant, id }: Pick<DueExport, 'tenant' | 'id'>): string =>
  join(folderOf(deps, tenant), `${id}.zip`)

async function open(deps: ExportsDeps, act: Act, id: string) {
  const { tenant } = act
  const facts = await inTenant(deps.app, tenant, async (sql) => {
    const found = await selectExport(sql, id)
    const expired = found?.expiresAt && Date.parse(found.expiresAt) <= deps.clock.now()
    if (!found || expired) throw new PulseError('ops.unknown-export')
    if (found.state !== 'ready') throw new PulseError('ops.export-not-ready')
    return found
  })
  const file = await openFile(pathOf(deps, { tenant, id })).catch((cause: unknown) => {
    throw new PulseError('ops.unknown-export', { cause })
  })
  try {
    await inTenant(deps.app, tenant, (sql) =>
      record(sql, { ...act, action: 'ops.export-fetched', subject: `export:${id}` }),
    )
  } catch (error) {
    await file.close()
    throw error
  }
  return { archive: file.createReadStream(), facts }
}

async function make(deps: ExportsDeps, due: DueExport, stopping: () => boolean): Promise<void> {
  const { app, clock, log } = deps
  const path = pathOf(deps, due)
  const note = (work: Parameters<typeof inTenant<unknown>>[2]) => inTenant(app, due.tenant, work)
  try {
    await mkdir(folderOf(deps, due.tenant), { recursive: true, mode: 0o700 })
    const facts = await factsOf(deps, due.tenant)
    const archive = await writeArchive({
      app: deps.snapshot,
      tenant: due.tenant,
      path: `${path}.part`,
      facts,
      onProgress: async (progress) => {
        await note((sql) => noteProgress(sql, due.id, progress))
      },
    })
    await rename(`${path}.part`, path)
    const at = new Date(clock.now())
    const expiresAt = new Date(at.getTime() + KEPT_MS)
    await note(async (sql) => {
      await noteReady(sql, due.id, { ...archive, at, expiresAt })
      await expireOlder(sql, at)
    })
  } catch (thrown) {
    const error = unavailableWhenDown(thrown)
    // What ends with Pulse, or with the database, is begun anew.
    if (stopping() || (error instanceof PulseError && error.retry)) return
    log.error({ err: error }, 'an export failed')
    const at = new Date(clock.now())
    const expiresAt = new Date(at.getTime() + KEPT_MS)
    const words = 'It could not be written; the log of Pulse says why.'
    await note((sql) => noteFailed(sql, due.id, { error: words, at, expiresAt }))
    await rm(`${path}.part`, { force: true })
  }
}

async function factsOf({ tenants, clock, version }: ExportsDeps, tenant: number) {
  return {
    tenant: await tenants.facts(tenant),
    at: new Date(clock.now()).toISOString(),
    pulse: version,
    schema: await schemaVersion(),
  }
}

async function expire(deps: ExportsDeps, due: DueExport): Promise<void> {
  await rm(pathOf(deps, due), { force: true })
  await inTenant(deps.app, due.tenant, (sql) => deleteExport(sql, due.id))
}
