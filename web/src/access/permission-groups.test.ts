import { permissions, rolePermissions } from '@pulse/contract'
import { expect, test } from 'vitest'
import { permissionGroups, readOnly } from './permission-groups.ts'

test('every permission of the contract stands in exactly one group', () => {
  const shown = permissionGroups.flatMap((group) => group.permissions.map(({ key }) => key))
  expect(shown.toSorted()).toEqual(Object.keys(permissions).toSorted())
})

test('read only leaves out what writes', () => {
  expect(readOnly(rolePermissions.technician)).not.toContain('command.send')
  expect(readOnly(rolePermissions.technician)).toContain('device.read')
})
