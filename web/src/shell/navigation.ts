import type { Permission } from '@pulse/contract'
import IconAccessPoint from '@tabler/icons-react/icons/IconAccessPoint'
import IconAdjustmentsHorizontal from '@tabler/icons-react/icons/IconAdjustmentsHorizontal'
import IconArrowBarToRight from '@tabler/icons-react/icons/IconArrowBarToRight'
import IconBuildingCommunity from '@tabler/icons-react/icons/IconBuildingCommunity'
import IconChartBar from '@tabler/icons-react/icons/IconChartBar'
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
  /** Left out for those who may not read what it shows. */
  readonly need?: Permission
  /** Beginning of the other addresses that belong to it. */
  readonly within?: string
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
  {
    name: 'Ops',
    icon: IconChartBar,
    unfolded: false,
    entries: [
      { title: 'Audit', to: '/audit', need: 'audit.read' },
      { title: 'People and keys', to: '/people', need: 'member.read' },
      { title: 'Tenant', to: '/tenant' },
    ],
  },
]

/** The area of those who run the platform: about all tenants, and apart from the menu of one. */
export const operatorArea: NavModule = {
  name: 'Platform',
  icon: IconBuildingCommunity,
  unfolded: true,
  entries: [
    { title: 'Tenants', to: '/operator', within: '/operator/tenants/' },
    { title: 'Enterings', to: '/operator/enterings' },
    { title: 'Operators', to: '/operator/operators' },
    { title: 'Platform audit', to: '/operator/audit' },
  ],
}

/** Whether an entry is the page that one is on. */
export function isCurrent(entry: NavEntry, path: string, state: string | undefined): boolean {
  const deadLetters = path === '/deliveries' && state === 'dead'
  if (entry.search?.['state'] === 'dead') return deadLetters
  if (entry.to === '/' || deadLetters) return path === entry.to && !deadLetters
  return path === entry.to || path.startsWith(entry.within ?? `${entry.to}/`)
}
