import { Menu, useMantineColorScheme } from '@mantine/core'
import IconDeviceDesktop from '@tabler/icons-react/icons/IconDeviceDesktop'
import IconMenu2 from '@tabler/icons-react/icons/IconMenu2'
import IconMoon from '@tabler/icons-react/icons/IconMoon'
import IconSearch from '@tabler/icons-react/icons/IconSearch'
import IconSun from '@tabler/icons-react/icons/IconSun'
import { Link } from '@tanstack/react-router'
import { useSurelyMay } from '../session/use-session.ts'
import { KeyHint } from '../ui/chip.tsx'
import { plural } from '../ui/format.ts'
import { SeverityBadge } from '../ui/status.tsx'
import { LiveIndicator } from './live-indicator.tsx'
import { Logo } from './logo.tsx'
import { PersonMenu } from './person-menu.tsx'
import classes from './shell.module.css'
import { TenantMenu } from './tenant-menu.tsx'
import { useCounts } from './use-counts.ts'

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

interface TopBarProps {
  readonly onFind: () => void
  readonly onMenu: () => void
}

/** Tenant, command palette, live rate, open alerts, theme and person. */
export function TopBar({ onFind, onMenu }: TopBarProps) {
  const hears = useSurelyMay('telemetry.read')
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
        {hears && <LiveIndicator />}
        <AlertLinks />
        <ThemeMenu />
        <PersonMenu />
      </div>
    </header>
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
