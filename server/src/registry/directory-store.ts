import type { PipelineSql } from '#platform'
import { available } from './available.ts'
import type { Device, Tenant } from './device.ts'
import { type Credential, DeviceCache, nameOf } from './device-cache.ts'
import {
  type CredentialRow,
  type DeviceRow,
  deviceOfRow,
  selectCredentials,
  selectDevicesById,
  selectDevicesByName,
  selectTenants,
  tenantOfRow,
} from './directory-rows.ts'
import { gather } from './gather.ts'

/** Tenants, devices and credentials: in memory, else from the database, many misses in one query. */
export interface DirectoryStore {
  tenant(key: string): Promise<Tenant | undefined>
  device(name: string): Promise<Device | undefined>
  deviceById(id: number): Promise<Device | undefined>
  credential(id: string): Promise<Credential | undefined>
  forget(tenant: number, deviceKey?: string): void
}

/** Makes a store that keeps at most `limit` devices. */
export function createDirectoryStore(sql: PipelineSql, limit: number): DirectoryStore {
  const cache = new DeviceCache(limit)
  // A load that began before something was forgotten may have read what was: it is not kept.
  let epoch = 0

  const loadTenant = gather(async (keys) => {
    const begun = epoch
    const found = (await available(selectTenants(sql, keys))).map(tenantOfRow)
    return new Map(
      found.map((tenant) => [tenant.key, begun === epoch ? cache.addTenant(tenant) : tenant]),
    )
  })
  const tenant = async (key: string) => cache.tenant(key) ?? loadTenant(key)

  async function devicesOf<R extends DeviceRow>(
    rows: readonly R[],
    begun: number,
  ): Promise<[R, Device][]> {
    const keys = new Set(rows.map((row) => row.tenantKey))
    const found = await Promise.all([...keys].map(tenant))
    const owners = new Map(found.map((owner) => [owner?.key, owner]))
    return rows.flatMap((row): [R, Device][] => {
      const owner = owners.get(row.tenantKey)
      if (!owner) return []
      const device = deviceOfRow(row, owner)
      return [[row, begun === epoch ? cache.addDevice(device) : device]]
    })
  }

  const known = <K extends string | number>(
    keyOf: (device: Device) => K,
    load: (keys: readonly string[]) => PromiseLike<readonly DeviceRow[]>,
  ) =>
    gather(async (keys) => {
      const begun = epoch
      const found = await devicesOf(await available(load(keys)), begun)
      return new Map(found.map(([, device]) => [String(keyOf(device)), device]))
    })
  const loadByName = known(nameOf, (names) => selectDevicesByName(sql, names))
  const loadById = known(
    ({ id }) => id,
    (ids) => selectDevicesById(sql, ids.map(Number)),
  )
  const loadCredential = gather(async (ids) => {
    const begun = epoch
    const rows = await devicesOf(await available(selectCredentials(sql, ids)), begun)
    const found = rows.map(([row, device]) => credentialOf(row, device))
    // Kept only with its device, so what was forgotten meanwhile is not.
    for (const credential of found) cache.addCredential(credential)
    return new Map(found.map((credential) => [credential.id, credential]))
  })

  return {
    tenant,
    device: async (name) => cache.byName(name) ?? loadByName(name),
    deviceById: async (id) => cache.byId(id) ?? loadById(String(id)),
    credential: async (id) => cache.credential(id) ?? loadCredential(id),
    forget(tenantId, deviceKey) {
      epoch++
      if (deviceKey === undefined) cache.removeTenant(tenantId)
      else cache.removeDevice(tenantId, deviceKey)
    },
  }
}

const credentialOf = (row: CredentialRow, device: Device): Credential => ({
  id: row.credential,
  device,
  hash: row.hash,
  lastUsedAt: row.lastUsedAt,
  revoked: row.revoked,
})
