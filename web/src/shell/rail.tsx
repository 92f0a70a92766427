import { Tooltip } from '@mantine/core'
import IconChevronsLeft from '@tabler/icons-react/icons/IconChevronsLeft'
import IconChevronsRight from '@tabler/icons-react/icons/IconChevronsRight'
import { Link, useRouterState } from '@tanstack/react-router'
import { useState } from 'react'
import { formatCount } from '../ui/format.ts'
import { isCurrent, type NavEntry, type NavModule } from './navigation.ts'
import classes from './shell.module.css'
import { useCounts } from './use-counts.ts'
import { useNavigation } from './use-navigation.ts'

/** Path and the one search parameter that tells Deliveries from Dead letters. */
function usePlace() {
  return useRouterState({
    select: ({ location }) => {
      const search: Readonly<Record<string, unknown>> = location.search
      const state = search['state']
      return `${location.pathname} ${typeof state === 'string' ? state : ''}`
    },
  }).split(' ') as [string, string]
}

interface RailProps {
  readonly collapsed: boolean
  readonly onCollapse?: () => void
}

/** The module map as the menu, with live counts; folds to icons. */
export function Rail({ collapsed, onCollapse }: RailProps) {
  const Icon = collapsed ? IconChevronsRight : IconChevronsLeft
  const { modules, platform } = useNavigation()
  const Part = collapsed ? ModuleIcon : Module
  return (
    <nav className={classes.rail} aria-label="Modules">
      {modules.map((module) => (
        <Part key={module.name} module={module} />
      ))}
      {platform && (
        <div className={classes.platform}>
          <Part module={platform} />
        </div>
      )}
      {onCollapse && (
        <div className={classes.foot}>
          <button
            type="button"
            className={classes.module}
            onClick={onCollapse}
            aria-label={collapsed ? 'Unfold the menu' : undefined}
          >
            <Icon size={16} stroke={1.6} aria-hidden="true" />
            {!collapsed && 'Collapse'}
          </button>
        </div>
      )}
    </nav>
  )
}

function useIsOpen(module: NavModule): boolean {
  const [path, state] = usePlace()
  return module.entries.some((entry) => isCurrent(entry, path, state))
}

function ModuleIcon({ module }: { readonly module: NavModule }) {
  const open = useIsOpen(module)
  const Icon = module.icon
  return (
    <Tooltip label={module.name} position="right">
      <Link
        to={module.entries[0]?.to ?? '/'}
        className={`${classes.module} ${open ? classes.current : ''}`}
        aria-label={module.name}
      >
        <Icon size={16} stroke={1.6} aria-hidden="true" />
      </Link>
    </Tooltip>
  )
}

function Module({ module }: { readonly module: NavModule }) {
  const open = useIsOpen(module)
  const [chosen, setChosen] = useState<boolean>()
  const unfolded = open || (chosen ?? module.unfolded)
  const Icon = module.icon
  return (
    <div>
      <button
        type="button"
        className={`${classes.module} ${open ? classes.open : ''}`}
        aria-expanded={unfolded}
        onClick={() => setChosen(!unfolded)}
      >
        <Icon size={16} stroke={1.6} aria-hidden="true" />
        {module.name}
      </button>
      {unfolded && (
        <ul>
          {module.entries.map((entry) => (
            <li key={entry.title}>
              <Entry entry={entry} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Entry({ entry }: { readonly entry: NavEntry }) {
  const [path, state] = usePlace()
  const counts = useCounts()
  const current = isCurrent(entry, path, state)
  const count = entry.count && counts?.[entry.count]
  const hot = entry.count === 'alerts' && Boolean(count)
  return (
    <Link
      to={entry.to}
      search={entry.search ?? {}}
      className={`${classes.entry} ${current ? classes.current : ''}`}
      aria-current={current ? 'page' : undefined}
      activeOptions={{ exact: true }}
    >
      {entry.title}
      {count !== undefined && (entry.count === 'devices' || count > 0) && (
        <span className={`${classes.count} ${hot ? classes.hot : ''}`}>{formatCount(count)}</span>
      )}
    </Link>
  )
}
