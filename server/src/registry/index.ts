/** Registry: tenants, sites, device types, devices, credentials, people, the device index. */
export type { Device, Tenant } from './device.ts'
export type { DeviceLogin, Directory } from './directory.ts'
