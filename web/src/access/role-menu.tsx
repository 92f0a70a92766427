import { Menu } from '@mantine/core'
import type { MemberFacts, RoleFacts } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import classes from './access.module.css'
import { rolesQuery } from './queries.ts'
import { roleWords } from './words.ts'

/** How a role is called; its key until the names are known. */
export function useRoleName(): (key: string) => string {
  const { data } = useQuery(rolesQuery())
  return (key) => data?.items.find((role) => role.key === key)?.name ?? key
}

interface RoleMenuProps {
  readonly member: MemberFacts
  readonly onChoose: (role: RoleFacts) => void
}

/** The role of a person, as a menu of the others. */
export function RoleMenu({ member, onChoose }: RoleMenuProps) {
  const { data } = useQuery(rolesQuery())
  const name = useRoleName()
  const roles = data?.items ?? []
  return (
    <Menu position="bottom-start" width={320}>
      <Menu.Target>
        <button
          type="button"
          className={classes.pick}
          aria-label={`${name(member.role)}: change the role of ${member.name}`}
        >
          <span className={classes.picked}>{name(member.role)}</span>
          <span className="muted">▾</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {roles.map((role) => (
          <Menu.Item
            key={role.key}
            disabled={role.key === member.role}
            onClick={() => onChoose(role)}
          >
            <span className={classes.option}>
              {role.name}
              <span>{role.key === member.role ? 'has it now' : roleWords(role)}</span>
            </span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
