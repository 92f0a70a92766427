import type { Device, Tenant } from './device.ts'

/** A token of a device, as a login needs it. */
export interface Credential {
  readonly id: string
  readonly device: Device
  /** SHA-256 of the secret. */
  readonly hash: Buffer
  readonly lastUsedAt: Date | null
  readonly revoked: boolean
}

/** `{tenant}/{device}`, as a device signs in. Neither part has a slash. */
export const nameOf = (device: Device): string => `${device.tenant.key}/${device.key}`

/**
 * Tenants, devices and their credentials in memory. A credential lives only as long as its
 * device, so that forgetting a device forgets all of it. When full, the oldest loaded go first.
 */
export class DeviceCache {
  readonly #limit: number
  readonly #tenants = new Map<string, Tenant>()
  readonly #tenantKeys = new Map<number, string>()
  readonly #byId = new Map<number, Device>()
  readonly #byName = new Map<string, Device>()
  readonly #credentials = new Map<string, Credential>()
  readonly #credentialsOf = new Map<number, string[]>()

  constructor(limit: number) {
    this.#limit = limit
  }

  tenant(key: string): Tenant | undefined {
    return this.#tenants.get(key)
  }

  byName(name: string): Device | undefined {
    return this.#byName.get(name)
  }

  byId(id: number): Device | undefined {
    return this.#byId.get(id)
  }

  credential(id: string): Credential | undefined {
    return this.#credentials.get(id)
  }

  /** Adds a tenant, unless it is here: then the object that is here stands. */
  addTenant(tenant: Tenant): Tenant {
    const known = this.#tenants.get(tenant.key)
    if (known) return known
    this.#tenants.set(tenant.key, tenant)
    this.#tenantKeys.set(tenant.id, tenant.key)
    return tenant
  }

  /** Adds a device, unless it is here: then the object that is here stands. */
  addDevice(device: Device): Device {
    const known = this.#byId.get(device.id)
    if (known) return known
    if (this.#byId.size >= this.#limit) {
      const [oldest] = this.#byId.values()
      if (oldest) this.#remove(oldest)
    }
    this.#byId.set(device.id, device)
    this.#byName.set(nameOf(device), device)
    return device
  }

  addCredential(credential: Credential): void {
    if (this.#byId.get(credential.device.id) !== credential.device) return
    if (!this.#credentials.has(credential.id)) {
      const others = this.#credentialsOf.get(credential.device.id) ?? []
      this.#credentialsOf.set(credential.device.id, [...others, credential.id])
    }
    this.#credentials.set(credential.id, credential)
  }

  removeTenant(id: number): void {
    const key = this.#tenantKeys.get(id)
    if (key === undefined) return
    for (const device of [...this.#byId.values()]) if (device.tenant.id === id) this.#remove(device)
    this.#tenants.delete(key)
    this.#tenantKeys.delete(id)
  }

  removeDevice(tenant: number, key: string): void {
    const device = this.#byName.get(`${this.#tenantKeys.get(tenant)}/${key}`)
    if (device) this.#remove(device)
  }

  #remove(device: Device): void {
    this.#byId.delete(device.id)
    this.#byName.delete(nameOf(device))
    for (const id of this.#credentialsOf.get(device.id) ?? []) this.#credentials.delete(id)
    this.#credentialsOf.delete(device.id)
  }
}
