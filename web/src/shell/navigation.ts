import IconAccessPoint from '@tabler/icons-react/icons/IconAccessPoint'
import IconAdjustmentsHorizontal from '@tabler/icons-react/icons/IconAdjustmentsHorizontal'
import IconArrowBarToRight from '@tabler/icons-react/icons/IconArrowBarToRight'
import IconLayoutList from '@tabler/icons-react/icons/IconLayoutList'
import IconSitemap from '@tabler/icons-react/icons/IconSitemap'
import type { LinkProps } from '@tanstack/react-router'

/** Which live count stands beside an entry. */
export type CountName = 'devices' | 'alerts' | 'deadLetters'

export interface NavEntry {
  readonly title: string
  readonly to: NonNullable<LinkProps['to']>
  /** Search parameters that tell two entries of one path apart. */
  readonly search?: Readonly<Record<string, string>>
  readonly count?: CountName
}

export interface NavModule {
  readonly name: string
  readonly icon: typeof IconSitemap
  /** Unfolded even when one is elsewhere: what an operator looks at all day. */
  readonly unfolded: boolean
  readonly entries: readonly NavEntry[]
}

/** The module map as the menu. An entry appears when its page works. */
export const navigation: readonly NavModule[] = [
  {
    name: 'Fleet',
    icon: IconAdjustmentsHorizontal,
    unfolded: true,
    entries: [
      { title: 'Overview', to: '/' },
      { title: 'Devices', to: '/devices', count: 'devices' },
    ],
  },
  {
    name: 'Rules',
    icon: IconSitemap,
    unfolded: true,
    entries: [{ title: 'Alerts', to: '/alerts', count: 'alerts' }],
  },
  {
    name: 'Actions',
    icon: IconArrowBarToRight,
    unfolded: true,
    entries: [
      { title: 'Deliveries', to: '/deliveries' },
      { title: 'Dead letters', to: '/deliveries', search: { state: 'dead' }, count: 'deadLetters' },
    ],
  },
  {
    name: 'Registry',
    icon: IconLayoutList,
    unfolded: false,
    entries: [{ title: 'Connect a device', to: '/connect' }],
  },
  {
    name: 'Connect',
    icon: IconAccessPoint,
    unfolded: false,
    entries: [{ title: 'Rejections', to: '/rejections' }],
  },
]

/** Whether an entry is the page that one is on. */
export function isCurrent(entry: NavEntry, path: string, state: string | undefined): boolean {
  const deadLetters = path === '/deliveries' && state === 'dead'
  if (entry.search?.['state'] === 'dead') return deadLetters
  if (entry.to === '/' || deadLetters) return path === entry.to && !deadLetters
  return path === entry.to || path.startsWith(`${entry.to}/`)
}
