import { Menu } from '@mantine/core'
import type { Permission, RoleFacts } from '@pulse/contract'
import IconCheck from '@tabler/icons-react/icons/IconCheck'
import IconDots from '@tabler/icons-react/icons/IconDots'
import { Link } from '@tanstack/react-router'
import { Fragment } from 'react'
import { plural } from '../ui/format.ts'
import classes from './access.module.css'
import { type PermissionGroup, permissionGroups } from './permission-groups.ts'

export interface RoleActs {
  readonly onCopy: (role: RoleFacts) => void
  readonly onChange: (role: RoleFacts) => void
  readonly onDelete: (role: RoleFacts) => void
}

interface RoleMatrixProps {
  readonly roles: readonly RoleFacts[]
  /** Left out where one may only look. */
  readonly acts: RoleActs | undefined
}

/** Every permission, in words, against every role. */
export function RoleMatrix({ roles, acts }: RoleMatrixProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.matrix} tabIndex={0} aria-label="Permissions by role">
      <table>
        <thead>
          <tr>
            <th scope="col">What one may do</th>
            {roles.map((role) => (
              <th key={role.key} scope="col">
                <RoleHead role={role} acts={acts} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {permissionGroups.map((group) => (
            <Group key={group.title} group={group} roles={roles} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface GroupProps {
  readonly group: PermissionGroup
  readonly roles: readonly RoleFacts[]
}

function Group({ group, roles }: GroupProps) {
  return (
    <>
      <tr className={classes.group}>
        <th colSpan={roles.length + 1} scope="colgroup">
          {group.title}
        </th>
      </tr>
      {group.permissions.map(({ key, words }) => (
        <tr key={key}>
          <th scope="row">
            {words}
            <span className={`mono ${classes.permission}`}>{key}</span>
          </th>
          {roles.map((role) => (
            <td key={role.key}>
              <Mark role={role} permission={key} />
            </td>
          ))}
        </tr>
      ))}
    </>
  )
}

function Mark({ role, permission }: { readonly role: RoleFacts; readonly permission: Permission }) {
  if (!role.permissions.includes(permission)) {
    return (
      <span className={classes.hasNot}>
        <span aria-hidden="true">–</span>
        <span className="sr-only">no</span>
      </span>
    )
  }
  return (
    <>
      <IconCheck size={16} stroke={2} className={classes.has} aria-hidden="true" />
      <span className="sr-only">yes</span>
    </>
  )
}

function RoleHead({
  role,
  acts,
}: {
  readonly role: RoleFacts
  readonly acts: RoleMatrixProps['acts']
}) {
  return (
    <div className={classes.role}>
      <div>
        <b>{role.name}</b>
        <span className={classes.roleMeta}>
          {role.members === 0 ? (
            'nobody'
          ) : (
            <Link to="/people" search={{ role: role.key }}>
              {plural(role.members, 'person', 'people')}
            </Link>
          )}
          {!role.builtIn && ' · your own'}
        </span>
      </div>
      {acts && <RoleActsMenu role={role} acts={acts} />}
    </div>
  )
}

function RoleActsMenu({ role, acts }: { readonly role: RoleFacts; readonly acts: RoleActs }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <button type="button" className={classes.more} aria-label={`Actions for ${role.name}`}>
          <IconDots size={16} stroke={1.6} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => acts.onCopy(role)}>Make a role out of it…</Menu.Item>
        {!role.builtIn && (
          <Fragment>
            <Menu.Item onClick={() => acts.onChange(role)}>Change…</Menu.Item>
            <Menu.Item color="critical" onClick={() => acts.onDelete(role)}>
              Delete…
            </Menu.Item>
          </Fragment>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
