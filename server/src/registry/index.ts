/** Registry: tenants, sites, device types, devices, credentials, people, the device index. */
export { createDirectory } from './cached-directory.ts'
export type { Device, Tenant } from './device.ts'
export { type IndexPatch, patchIndex } from './device-index.ts'
export type { Act, NewDevice } from './devices.ts'
export type { DeviceLogin, Directory } from './directory.ts'
export { createRegistry, type Registry } from './registry.ts'
export { registryRoutes } from './routes.ts'
export type { FoundDevice } from './index-rows.ts'
