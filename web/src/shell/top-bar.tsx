import { Menu, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import IconDeviceDesktop from '@tabler/icons-react/icons/IconDeviceDesktop'
import IconMenu2 from '@tabler/icons-react/icons/IconMenu2'
import IconMoon from '@tabler/icons-react/icons/IconMoon'
import IconSearch from '@tabler/icons-react/icons/IconSearch'
import IconSun from '@tabler/icons-react/icons/IconSun'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { sessionQuery, signOut } from '../session/queries.ts'
import { keepTenant } from '../session/token.ts'
import { useTenant } from '../session/use-session.ts'
import { KeyHint } from '../ui/chip.tsx'
import { plural } from '../ui/format.ts'
import { SeverityBadge } from '../ui/status.tsx'
import { LiveIndicator } from './live-indicator.tsx'
import { Logo } from './logo.tsx'
import classes from './shell.module.css'
import { useCounts } from './use-counts.ts'

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

interface TopBarProps {
  readonly onFind: () => void
  readonly onMenu: () => void
}

/** Tenant, command palette, live rate, open alerts, theme and person. */
export function TopBar({ onFind, onMenu }: TopBarProps) {
  return (
    <header className={classes.top}>
      <button
        type="button"
        className={`${classes.icon} ${classes.burger}`}
        aria-label="Open the menu"
        onClick={onMenu}
      >
        <IconMenu2 size={18} stroke={1.6} aria-hidden="true" />
      </button>
      <Link to="/" className={classes.brand} aria-label="Pulse, to the overview">
        <Logo />
        <span>Pulse</span>
      </Link>
      <TenantMenu />
      <button type="button" className={classes.find} onClick={onFind}>
        <IconSearch size={16} stroke={1.6} aria-hidden="true" />
        <span>Search devices, alerts, or type a command</span>
        <KeyHint>{isMac ? '⌘ K' : 'Ctrl K'}</KeyHint>
      </button>
      <div className={classes.tools}>
        <LiveIndicator />
        <AlertLinks />
        <ThemeMenu />
        <PersonMenu />
      </div>
    </header>
  )
}

function TenantMenu() {
  const tenant = useTenant()
  const { data } = useQuery(sessionQuery())
  // Takes its place at once: what stands beside it must not move when the name comes.
  if (!tenant) return <span className={classes.tenant} />
  const choose = (key: string) => {
    keepTenant(key)
    // From the beginning: nothing of the other tenant may stay on the page, in a cache or a stream.
    window.location.assign('/')
  }
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className={classes.tenant}>
          <b>{tenant.name}</b>
          <span>{tenant.region} ▾</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {data?.tenants.map((each) => (
          <Menu.Item key={each.key} onClick={() => choose(each.key)}>
            {each.name} <span className="muted">{each.region}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function AlertLinks() {
  const counts = useCounts()
  if (!counts) return null
  const shown = (['critical', 'warning'] as const).filter((name) => counts.severities[name] > 0)
  return (
    <div className={classes.alertLinks}>
      {shown.map((severity) => (
        <Link
          key={severity}
          to="/alerts"
          search={{ severity }}
          aria-label={plural(counts.severities[severity], `open ${severity} alert`)}
        >
          <SeverityBadge severity={severity}>{counts.severities[severity]}</SeverityBadge>
        </Link>
      ))}
    </div>
  )
}

const schemes = [
  { value: 'auto', title: 'As the system', icon: IconDeviceDesktop },
  { value: 'light', title: 'Light', icon: IconSun },
  { value: 'dark', title: 'Dark', icon: IconMoon },
] as const

function ThemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const current = schemes.find((scheme) => scheme.value === colorScheme) ?? schemes[0]
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <button
          type="button"
          className={`${classes.icon} ${classes.onlyWide}`}
          aria-label={`Theme: ${current.title.toLowerCase()}`}
        >
          <current.icon size={16} stroke={1.6} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(({ value, title, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} stroke={1.6} />}
            onClick={() => setColorScheme(value)}
            aria-current={value === colorScheme || undefined}
          >
            {title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function PersonMenu() {
  const { data } = useQuery(sessionQuery())
  const tenant = useTenant()
  const { setColorScheme } = useMantineColorScheme()
  const shown = useComputedColorScheme()
  if (!data) return null
  const { name, username } = data.person
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <button
          type="button"
          className={classes.person}
          aria-label={`${initials(name)}, signed in as ${name}`}
        >
          {initials(name)}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name}
          {name !== username && ` · ${username}`}
          {tenant && `, ${tenant.role}`}
        </Menu.Label>
        <Menu.Item onClick={() => setColorScheme(shown === 'dark' ? 'light' : 'dark')}>
          {shown === 'dark' ? 'Light theme' : 'Dark theme'}
        </Menu.Item>
        <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function initials(name: string): string {
  const words = name.split(/[\s.]+/).filter((word) => word !== '')
  const letters = words.length > 1 ? `${words[0]?.[0]}${words.at(-1)?.[0]}` : name.slice(0, 2)
  return letters.toUpperCase()
}
