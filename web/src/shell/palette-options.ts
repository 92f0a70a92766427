import { useMantineColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { overviewQuery } from '../fleet/queries.ts'
import { useLive } from '../live/use-live.tsx'
import { deviceSearchQuery } from '../registry/queries.ts'
import { sessionQuery } from '../session/queries.ts'
import { signOut } from '../session/sign-out.ts'
import { useSurelyMay, useTenant } from '../session/use-session.ts'
import { useSwitchTenant } from './tenant-menu.tsx'
import { useNavigation } from './use-navigation.ts'

/** One line of the palette. */
export interface Option {
  readonly id: string
  readonly group: 'Devices' | 'Alerts' | 'Pages' | 'Actions'
  readonly title: string
  readonly meta: string
  readonly run: () => unknown
}

/** What the palette offers for a text, in groups. */
export function useOptions(text: string): readonly Option[] {
  const router = useRouter()
  const query = asQuery(text)
  const mayRead = useSurelyMay('device.read')
  const found = useQuery({ ...deviceSearchQuery(query), enabled: mayRead && query !== '' })
  const overview = useQuery({ ...overviewQuery(), enabled: mayRead })
  const { modules, platform } = useNavigation()
  const actions = useActions()
  const matches = (title: string) => title.toLowerCase().includes(text.toLowerCase())

  const devices = text === '' ? [] : (found.data?.items ?? [])
  const alerts = overview.data?.now ?? []
  const pages = [...modules, ...(platform ? [platform] : [])].flatMap((module) =>
    module.entries.map((entry) => ({ ...entry, module: module.name })),
  )
  return [
    ...devices.map((device) => ({
      id: `device ${device.key}`,
      group: 'Devices' as const,
      title: device.name === device.key ? device.key : `${device.key} · ${device.name}`,
      meta: device.status,
      run: () => router.navigate({ to: '/devices/$key', params: { key: device.key } }),
    })),
    ...alerts
      .filter((alert) => matches(`${alert.device} ${alert.deviceName} ${alert.title}`))
      .slice(0, 5)
      .map((alert) => ({
        id: alert.id,
        group: 'Alerts' as const,
        title: `${alert.device} ${alert.title}`,
        meta: alert.severity,
        run: () => router.navigate({ to: '/alerts/$id', params: { id: alert.id } }),
      })),
    ...pages
      .filter((page) => matches(`${page.title} ${page.module}`))
      .map((page) => ({
        id: `page ${page.title}`,
        group: 'Pages' as const,
        title: page.title,
        meta: page.module,
        run: () => router.navigate({ to: page.to, search: page.search ?? {} }),
      })),
    ...actions.filter((action) => matches(action.title)),
  ]
}

/** What one types, as words of the fleet query, so that `a"b(` searches instead of failing. */
function asQuery(text: string): string {
  const words = text.split(/[^A-Za-z0-9_.:-]+/).filter((word) => /[A-Za-z0-9]/.test(word))
  return words.map((word) => `"${word}"`).join(' ')
}

function useActions(): readonly Option[] {
  const { setColorScheme } = useMantineColorScheme()
  const { status, toggle } = useLive()
  const { data } = useQuery(sessionQuery())
  const tenant = useTenant()
  const router = useRouter()
  const choose = useSwitchTenant()
  const action = (title: string, run: () => unknown): Option => ({
    id: title,
    group: 'Actions',
    title,
    meta: '',
    run,
  })
  const others = data?.tenants.filter((each) => each.key !== tenant?.key) ?? []
  return [
    ...others.map((each) => ({
      ...action(`Switch to ${each.name}`, () => choose(each.key)),
      id: `tenant ${each.key}`,
      meta: each.role,
    })),
    action(status === 'paused' ? 'Go on with live updates' : 'Pause live updates', toggle),
    ...(tenant?.permissions.includes('member.write')
      ? [
          action('Invite a person', () =>
            router.navigate({ to: '/people/invitations', search: { invite: true } }),
          ),
        ]
      : []),
    ...(tenant?.permissions.includes('key.write')
      ? [
          action('Make an API key', () =>
            router.navigate({ to: '/people/keys', search: { make: true } }),
          ),
        ]
      : []),
    action('Theme: light', () => setColorScheme('light')),
    action('Theme: dark', () => setColorScheme('dark')),
    action('Theme: as the system', () => setColorScheme('auto')),
    action('Sign out', () => void signOut()),
  ]
}
