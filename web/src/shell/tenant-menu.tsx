import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { sessionQuery } from '../session/queries.ts'
import { useTenant } from '../session/use-session.ts'
import classes from './shell.module.css'

/** Goes to the overview of another tenant; the link names it. */
export function useSwitchTenant() {
  const navigate = useNavigate()
  return (tenant: string) => navigate({ to: '/', search: { tenant } })
}

/** The tenant that one works in; a menu where one belongs to several. */
export function TenantMenu() {
  const tenant = useTenant()
  const { data } = useQuery(sessionQuery())
  const choose = useSwitchTenant()
  // Takes its place at once: what stands beside it must not move when the name comes.
  if (!tenant) return <span className={`${classes.tenant} ${data ? classes.nowhere : ''}`} />
  const tenants = data?.tenants ?? []
  const others = tenants.length > 1
  const label = (
    <>
      <b>{tenant.name}</b>
      <span>
        {tenant.region}
        {others && ' ▾'}
      </span>
    </>
  )
  if (!others) return <span className={classes.tenant}>{label}</span>
  return (
    <Menu position="bottom-start" width={280}>
      <Menu.Target>
        <button type="button" className={classes.tenant} title="Switch to another tenant">
          {label}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {tenants.map((each) => (
          <Menu.Item
            key={each.key}
            onClick={() => void choose(each.key)}
            aria-current={each.key === tenant.key || undefined}
            rightSection={<span className="muted">{each.entering ? 'entered' : each.role}</span>}
          >
            {each.name} <span className="muted">{each.region}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
