import type { DeviceType, EventDraft, Site } from '@pulse/contract'
import { type Clock, type Database, emit, inTenant, type TenantSql } from '#platform'
import { type Act, audit } from './act.ts'
import {
  type DeviceDraft,
  insertDevices,
  selectDeviceIds,
  selectSites,
  selectTypes,
  selectUnknown,
  upsertSite,
  upsertType,
} from './device-rows.ts'
import type { Directory } from './directory.ts'
import { refuse } from './errors.ts'
import { createTokens, type DeviceKeyOf, type Tokens } from './tokens.ts'

export interface NewDevice {
  readonly key: string
  /** Its key when left out. */
  readonly name?: string | undefined
  readonly type: string
  readonly site?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** Sites, types, devices and their tokens. Every write is audited in its transaction. */
export interface Devices extends Tokens {
  sites(tenant: number): Promise<readonly Site[]>
  types(tenant: number): Promise<readonly DeviceType[]>
  /** Makes or changes a site; does nothing when it is so already. */
  registerSite(act: Act, site: Site): Promise<void>
  /** Makes or changes a device type; does nothing when it is so already. */
  registerType(act: Act, type: DeviceType): Promise<void>
  /** @throws `registry.device-exists`, `registry.unknown-type`, `registry.unknown-site` */
  registerDevice(act: Act, device: NewDevice): Promise<{ readonly id: number }>
  /**
   * Makes many devices in one statement, for imports and benchmarks; those whose key exists are
   * left as they are. Answers the ids of all, by key.
   */
  registerDevices(act: Act, devices: readonly NewDevice[]): Promise<ReadonlyMap<string, number>>
}

export interface DevicesDeps {
  readonly app: Database
  readonly clock: Clock
  readonly directory: Directory
}

export function createDevices(deps: DevicesDeps): Devices {
  const { app } = deps
  return {
    ...createTokens(deps),
    sites: (tenant) => inTenant(app, tenant, (sql) => selectSites(sql)),
    types: (tenant) => inTenant(app, tenant, (sql) => selectTypes(sql)),
    async registerSite(act, site) {
      await inTenant(app, act.tenant, async (sql) => {
        const [before] = await selectSites(sql, site.key)
        if (!(await upsertSite(sql, site))) return
        const subject = `site:${site.key}`
        await audit(sql, act, 'registry.site-registered', { subject, before, after: site })
      })
    },
    async registerType(act, type) {
      const changed = await inTenant(app, act.tenant, async (sql) => {
        const [before] = await selectTypes(sql, type.key)
        if (!(await upsertType(sql, type))) return false
        const subject = `type:${type.key}`
        await audit(sql, act, 'registry.type-registered', { subject, before, after: type })
        return true
      })
      if (changed) deps.directory.forget(act.tenant)
    },
    registerDevice: (act, device) => registerOne(deps, act, device),
    registerDevices: (act, devices) => registerMany(deps, act, devices),
  }
}

async function registerOne({ app, clock }: DevicesDeps, act: Act, device: NewDevice) {
  const draft = draftOf(device)
  return inTenant(app, act.tenant, async (sql) => {
    await refuseUnknown(sql, [draft])
    const [created] = await insertDevices(sql, [draft], clock.now())
    if (!created) throw refuse.deviceExists({ detail: `Its key is ${draft.key}.` })
    await emit(sql, [createdEvent(act, draft)], clock.now())
    const subject = `device:${draft.key}`
    await audit(sql, act, 'registry.device-registered', { subject, after: draft })
    return { id: created.id }
  })
}

/** Keys that one audit row names; of more it says how many. */
const AUDITED_KEYS = 100

async function registerMany(
  { app, clock }: DevicesDeps,
  act: Act,
  devices: readonly NewDevice[],
): Promise<ReadonlyMap<string, number>> {
  const drafts = new Map(devices.map((device) => [device.key, draftOf(device)]))
  if (drafts.size === 0) return new Map()
  const ids = await inTenant(app, act.tenant, async (sql) => {
    await refuseUnknown(sql, [...drafts.values()])
    const created = await insertDevices(sql, [...drafts.values()], clock.now())
    const made = created.flatMap(({ key }) => drafts.get(key) ?? [])
    await emit(
      sql,
      made.map((draft) => createdEvent(act, draft)),
      clock.now(),
    )
    if (made.length > 0) {
      const keys = made.slice(0, AUDITED_KEYS).map(({ key }) => key)
      await audit(sql, act, 'registry.device-registered', {
        subject: `devices:${made.length}`,
        after: { keys, count: made.length },
      })
    }
    return created.length === drafts.size ? created : selectDeviceIds(sql, [...drafts.keys()])
  })
  return new Map(ids.map(({ key, id }) => [key, id]))
}

const draftOf = (device: NewDevice): DeviceDraft => ({
  key: device.key,
  name: device.name ?? device.key,
  type: device.type,
  site: device.site ?? null,
  tags: device.tags ?? {},
})

async function refuseUnknown(sql: TenantSql, drafts: readonly DeviceDraft[]): Promise<void> {
  const types = new Set(drafts.map(({ type }) => type))
  const sites = new Set(drafts.flatMap(({ site }) => (site === null ? [] : [site])))
  const unknown = await selectUnknown(sql, [...types], [...sites])
  if (unknown.type !== null) throw refuse.unknownType({ detail: `Its key is ${unknown.type}.` })
  if (unknown.site !== null) throw refuse.unknownSite({ detail: `Its key is ${unknown.site}.` })
}

const createdEvent = ({ tenant }: Act, { key, type }: DeviceDraft): EventDraft => ({
  type: 'registry.device-created',
  tenant,
  subject: `device:${key}`,
  data: { device: key as DeviceKeyOf<'registry.device-created'>, type },
})
