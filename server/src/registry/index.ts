/** Registry: tenants, sites, device types, devices, credentials, people, the device index. */
export { type Act, actOf } from './act.ts'
export { createDirectory } from './cached-directory.ts'
export type { Device, Tenant } from './device.ts'
export { type IndexPatch, patchIndex } from './device-index.ts'
export type { NewDevice } from './devices.ts'
export type { DeviceLogin, Directory } from './directory.ts'
export type { SiteStatusCount } from './facet-rows.ts'
export type { Identity, VerifyBearer } from './identity.ts'
export type { FoundDevice } from './index-rows.ts'
export { createAccountReset } from './oidc/account-reset.ts'
export { identityConfig } from './oidc/from-config.ts'
export { createKeyRing } from './oidc/keys.ts'
export {
  createIdentityService,
  type IdentityService,
  identitySealed,
} from './oidc/service.ts'
export type { PlatformAct } from './operators.ts'
export { type PasswordCost, passwordCost } from './passwords.ts'
export { createRegistry, type Registry } from './registry.ts'
export { registryRoutes } from './routes.ts'
export {
  beginRemoval,
  deleteTenant,
  holdTenant,
  type LeavingTenant,
  noteRemoved,
  type OwnerSql,
  selectDeviceIdsAfter,
  selectDue,
  selectGone,
} from './tenants-removal-rows.ts'
