/** Every permission that a route can ask for, and what it lets a person do. */
export const permissions = {
  'session.own': 'see and end one’s own session',
  'device.read': 'see devices, sites, types and their state',
  'device.write': 'register and change devices',
  'credential.write': 'create and revoke the tokens of devices',
  'telemetry.read': 'read telemetry, messages and the live tail',
  'command.send': 'send commands to devices',
  'rule.read': 'see rules',
  'rule.write': 'create and change rules',
  'alert.read': 'see alerts',
  'alert.write': 'acknowledge alerts',
  'delivery.read': 'see deliveries, attempts and destinations',
  'delivery.replay': 'replay dead letters',
  'destination.write': 'create and change destinations',
  'rejection.read': 'see rejected messages',
  'member.read': 'see people, their roles and invitations',
  'member.write': 'invite people, change their role, deactivate them',
  'role.write': 'make and change custom roles',
  'key.read': 'see API keys',
  'key.write': 'make and revoke API keys',
  'audit.read': 'read, verify and export the audit log',
  'tenant.write': 'rename the tenant',
  'tenant.export': 'export the tenant whole',
} as const
export type Permission = keyof typeof permissions

export const roles = ['viewer', 'technician', 'engineer', 'admin'] as const
export type Role = (typeof roles)[number]

const viewer: readonly Permission[] = [
  'session.own',
  'device.read',
  'telemetry.read',
  'rule.read',
  'alert.read',
  'delivery.read',
  'rejection.read',
]
const technician: readonly Permission[] = [...viewer, 'alert.write', 'command.send']
const engineer: readonly Permission[] = [
  ...technician,
  'device.write',
  'credential.write',
  'rule.write',
  'delivery.replay',
  'member.read',
]
const admin: readonly Permission[] = [
  ...engineer,
  'destination.write',
  'member.write',
  'role.write',
  'key.read',
  'key.write',
  'audit.read',
  'tenant.write',
  'tenant.export',
]

/** What only people may do: a key that leaks must not make keys, roles or people. */
export const peoplesOwn = [
  'session.own',
  'member.write',
  'role.write',
  'key.write',
] as const satisfies readonly Permission[]
export const keyMayHave = (permission: Permission): boolean =>
  !peoplesOwn.some((own) => own === permission)

/**
 * What an operator may while they stay in a tenant, within the role that they asked for. Not what
 * would outlast the stay: people, roles and keys of their making.
 */
export const stayMayHave = (permission: Permission): boolean =>
  permission === 'session.own' || keyMayHave(permission)

/** What still works in a suspended tenant: to read, to export, and one's own session. */
export const worksWhileSuspended = (permission: Permission): boolean =>
  permission.endsWith('.read') || permission === 'session.own' || permission === 'tenant.export'

/** What each tenant role may do; each includes the one before. */
export const rolePermissions: Readonly<Record<Role, readonly Permission[]>> = {
  viewer,
  technician,
  engineer,
  admin,
}
