import type { Device, Tenant } from './device.ts'

/** Result of checking a device's credentials. */
export type DeviceLogin =
  | { readonly ok: true; readonly device: Device; readonly credential: string }
  | { readonly ok: false; readonly why: 'unknown' | 'revoked' | 'suspended' }

/**
 * The Registry as the data path needs it: cached, across tenants, read as `pulse_pipeline`.
 * Changes made in this process are seen at once, others through `registry.…` events.
 */
export interface Directory {
  tenant(key: string): Promise<Tenant | undefined>
  device(tenantKey: string, deviceKey: string): Promise<Device | undefined>
  /** A device by the internal id of its tenant and its key, as events name it. */
  deviceIn(tenant: number, deviceKey: string): Promise<Device | undefined>
  /** Devices by internal id; unknown ones are missing from the map. */
  devices(ids: readonly number[]): Promise<ReadonlyMap<number, Device>>
  /** Checks `{tenant}/{device}` and its token in constant time. */
  login(username: string, token: string): Promise<DeviceLogin>
  /** Checks a bare token, as HTTP sends it: its credential id names the device. */
  loginByToken(token: string): Promise<DeviceLogin>
  /** Drops what is cached of a device (all of a tenant when undefined). */
  forget(tenant: number, deviceKey?: string): void
}
