import { Link } from '@tanstack/react-router'
import classes from '../ui/tabs.module.css'
import { useSearchState } from '../ui/use-search-state.ts'
import { type DeviceTab, deviceTabs } from './device-tab-names.ts'
import { deviceSearch } from './search.ts'

interface DeviceTabsProps {
  readonly device: string
  readonly current: DeviceTab
  /** Alerts that have not cleared. */
  readonly alerts: number
}

/** The tabs of a device: links, since each has an address. The range is carried along. */
export function DeviceTabs({ device, current, alerts }: DeviceTabsProps) {
  const [{ range, from, to }] = useSearchState(deviceSearch)
  return (
    <nav className={classes.tabs} aria-label="Parts of the device">
      {deviceTabs.map((tab) => (
        <Link
          key={tab.key}
          to="/devices/$key"
          params={{ key: device }}
          search={{ tab: tab.key === 'timeline' ? undefined : tab.key, range, from, to }}
          aria-current={tab.key === current ? 'page' : undefined}
          className={classes.tab}
          activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}
        >
          {tab.title}
          {tab.key === 'alerts' && alerts > 0 && <span className={classes.count}>{alerts}</span>}
        </Link>
      ))}
    </nav>
  )
}
