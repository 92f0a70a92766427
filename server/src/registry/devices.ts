import type { DeviceToken, DeviceType, EventDraft, Site } from '@pulse/contract'
import { type Clock, type Database, emit, inTenant, record, type TenantSql } from '#platform'
import type { Act } from './act.ts'
import {
  type DeviceDraft,
  insertDevices,
  insertTokens,
  revokeTokenRow,
  selectDeviceIds,
  selectSites,
  selectTokens,
  selectTypes,
  selectUnknown,
  upsertSite,
  upsertType,
} from './device-rows.ts'
import type { Directory } from './directory.ts'
import { refuse } from './errors.ts'
import { drawDeviceToken } from './secrets.ts'

export interface NewDevice {
  readonly key: string
  /** Its key when left out. */
  readonly name?: string | undefined
  readonly type: string
  readonly site?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** A token that was just made. `token` is shown this once. */
export interface NewToken {
  readonly device: string
  readonly id: string
  readonly token: string
}

/** Sites, types, devices and their tokens. Every write is audited in its transaction. */
export interface Devices {
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
  tokens(tenant: number, device: string): Promise<readonly DeviceToken[]>
  createToken(act: Act, device: string): Promise<NewToken>
  /** One token for each device, in their order. */
  createTokens(act: Act, devices: readonly string[]): Promise<readonly NewToken[]>
  /** Ends a token at once; its sessions end with the event. Revoking twice changes nothing. */
  revokeToken(act: Act, device: string, token: string): Promise<void>
}

export interface DevicesDeps {
  readonly app: Database
  readonly clock: Clock
  readonly directory: Directory
}

export function createDevices(deps: DevicesDeps): Devices {
  const { app, clock, directory } = deps

  async function register(act: Act, devices: readonly NewDevice[], single: boolean) {
    const drafts = devices.map(draftOf)
    const ids = await inTenant(app, act.tenant, async (sql) => {
      await refuseUnknown(sql, drafts)
      const created = await insertDevices(sql, drafts, clock.now())
      if (single && created.length === 0) throw refuse.deviceExists({ detail: `Its key is ${drafts[0]?.key}.` })
      if (created.length === 0) return idsOf(sql, drafts)
      await emit(sql, createdEvents(act.tenant, created, drafts), clock.now())
      await audit(sql, act, 'registry.device-registered', {
        subject: single ? `device:${created[0]?.key}` : `devices:${created.length}`,
        after: single ? drafts[0] : { keys: created.slice(0, 100).map(({ key }) => key), count: created.length },
      })
      return created.length === drafts.length ? created : idsOf(sql, drafts)
    })
    return new Map(ids.map(({ key, id }) => [key, id] as const))
  }

  async function tokensFor(act: Act, keys: readonly string[]): Promise<readonly NewToken[]> {
    const made = await inTenant(app, act.tenant, async (sql) => {
      const ids = new Map((await selectDeviceIds(sql, keys)).map(({ key, id }) => [key, id] as const))
      const drawn = keys.map((key) => {
        const device = ids.get(key)
        if (device === undefined) throw refuse.unknownDevice({ detail: `Its key is ${key}.` })
        return { key, device, ...drawDeviceToken() }
      })
      const drafts = drawn.map(({ credential, device, hash }) => ({ id: credential, device, hash }))
      await insertTokens(sql, drafts, clock.now())
      await emit(sql, drawn.map(({ key, credential }) => tokenEvent('created', act.tenant, key, credential)), clock.now())
      await audit(sql, act, 'registry.token-created', {
        subject: keys.length === 1 ? `device:${keys[0]}` : `devices:${keys.length}`,
        after: { tokens: drawn.slice(0, 100).map(({ credential }) => credential), count: drawn.length },
      })
      return drawn
    })
    return made.map(({ key, credential, token }) => ({ device: key, id: credential, token }))
  }

  return {
    sites: (tenant) => inTenant(app, tenant, selectSites),
    types: (tenant) => inTenant(app, tenant, selectTypes),
    async registerSite(act, site) {
      await inTenant(app, act.tenant, async (sql) => {
        const changed = await upsertSite(sql, site)
        if (changed) await audit(sql, act, 'registry.site-registered', { subject: `site:${site.key}`, after: site })
      })
    },
    async registerType(act, type) {
      const changed = await inTenant(app, act.tenant, async (sql) => {
        const written = await upsertType(sql, type)
        if (written) await audit(sql, act, 'registry.type-registered', { subject: `type:${type.key}`, after: type })
        return written
      })
      if (changed) directory.forget(act.tenant)
    },
    async registerDevice(act, device) {
      const ids = await register(act, [device], true)
      return { id: ids.get(device.key) as number }
    },
    registerDevices: async (act, devices) => (devices.length === 0 ? new Map() : register(act, devices, false)),
    tokens: (tenant, device) =>
      inTenant(app, tenant, async (sql) => selectTokens(sql, await idOf(sql, device))),
    async createToken(act, device) {
      const [made] = await tokensFor(act, [device])
      return made as NewToken
    },
    createTokens: async (act, devices) => (devices.length === 0 ? [] : tokensFor(act, devices)),
    async revokeToken(act, device, token) {
      await inTenant(app, act.tenant, async (sql) => {
        const revoked = await revokeTokenRow(sql, await idOf(sql, device), token, clock.now())
        if (revoked === undefined) throw refuse.unknownToken()
        if (!revoked) return
        await emit(sql, [tokenEvent('revoked', act.tenant, device, token)], clock.now())
        const subject = `device:${device}`
        await audit(sql, act, 'registry.token-revoked', { subject, before: { token } })
      })
      directory.forget(act.tenant, device)
    },
  }
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

const idsOf = (sql: TenantSql, drafts: readonly DeviceDraft[]) =>
  selectDeviceIds(sql, drafts.map(({ key }) => key))

async function idOf(sql: TenantSql, key: string): Promise<number> {
  const [row] = await selectDeviceIds(sql, [key])
  if (!row) throw refuse.unknownDevice({ detail: `Its key is ${key}.` })
  return row.id
}

const audit = (
  sql: TenantSql,
  act: Act,
  action: string,
  facts: { readonly subject: string; readonly before?: unknown; readonly after?: unknown },
) => record(sql, { actor: act.actor, action, requestId: act.requestId, address: act.address, ...facts })

// Keys were checked by the schema at the edge, or are those of rows.
type Key = Extract<EventDraft, { type: 'registry.device-created' }>['data']['device']

const tokenEvent = (what: 'created' | 'revoked', tenant: number, device: string, token: string): EventDraft => ({
  type: `registry.token-${what}`,
  tenant,
  subject: `device:${device}`,
  data: { device: device as Key, token },
})

function createdEvents(
  tenant: number,
  created: readonly { readonly key: string }[],
  drafts: readonly DeviceDraft[],
): EventDraft[] {
  const types = new Map(drafts.map(({ key, type }) => [key, type] as const))
  return created.map(({ key }) => ({
    type: 'registry.device-created',
    tenant,
    subject: `device:${key}`,
    data: { device: key as Key, type: types.get(key) ?? '' },
  }))
}
