import { useQuery } from '@tanstack/react-query'
import { Outlet, useRouter, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { LiveProvider } from '../live/use-live.tsx'
import { sessionQuery } from '../session/queries.ts'
import { useSurelyMay, useTenantKey } from '../session/use-session.ts'
import { useHotkeys } from '../ui/hotkeys.ts'
import { ToastHost } from '../ui/toast-host.tsx'
import { AlertAnnouncer } from './alert-announcer.tsx'
import { Rail } from './rail.tsx'
import classes from './shell.module.css'
import { loadAhead } from './stale-build.ts'
import { TenantBanners } from './tenant-banners.tsx'
import { TenantGate } from './tenant-gate.tsx'
import { TopBar } from './top-bar.tsx'

const loadPalette = () => import('./palette.tsx')
const Palette = lazy(() => loadPalette().then((found) => ({ default: found.Palette })))
const Menu = lazy(() =>
  import('./menu-drawer.tsx').then((found) => ({ default: found.MenuDrawer })),
)
const KeyList = lazy(() => import('./key-list.tsx').then((found) => ({ default: found.KeyList })))

const IDLE_MS = 3000
const RAIL = 'pulse.rail'

/** The frame around every page: rail, top bar, palette, keys, toasts and the live stream. */
export function Shell() {
  const [collapsed, setCollapsed] = useState(localStorage.getItem(RAIL) === 'icons')
  const [open, setOpen] = useState<'palette' | 'keys' | 'menu'>()
  const close = () => setOpen(undefined)
  const tenant = useTenantKey()
  const hears = useSurelyMay('telemetry.read')
  const { isPending } = useQuery(sessionQuery())
  useShellKeys(setOpen)
  useCloseOnMove(close)
  usePreloadedPalette()

  const collapse = () => {
    localStorage.setItem(RAIL, collapsed ? 'full' : 'icons')
    setCollapsed(!collapsed)
  }
  return (
    // Another tenant is another shell: nothing of the one before stays on it.
    <LiveProvider key={tenant} on={hears}>
      <a href="#main" className={classes.skip}>
        To the content
      </a>
      <div className={`${classes.shell} ${collapsed ? classes.collapsed : ''}`}>
        <TopBar onFind={() => setOpen('palette')} onMenu={() => setOpen('menu')} />
        <Rail collapsed={collapsed} onCollapse={collapse} />
        <main
          id="main"
          className={`${classes.main} ${isPending ? classes.waits : ''}`}
          data-scroll
          tabIndex={-1}
        >
          <TenantBanners />
          <TenantGate>
            <Outlet />
          </TenantGate>
        </main>
      </div>
      <Suspense>
        {open === 'palette' && <Palette onClose={close} />}
        {open === 'menu' && <Menu onClose={close} />}
        {open === 'keys' && <KeyList onClose={close} />}
      </Suspense>
      <AlertAnnouncer />
      <ToastHost />
    </LiveProvider>
  )
}

function useShellKeys(setOpen: (what: 'palette' | 'keys') => void) {
  const router = useRouter()
  const back = () => {
    if (router.history.canGoBack()) router.history.back()
  }
  const keys = [
    { keys: '/', label: 'Search', run: () => setOpen('palette') },
    { keys: 'mod+k', label: 'Search and commands', run: () => setOpen('palette') },
    { keys: '?', label: 'The keys of this page', run: () => setOpen('keys') },
    { keys: 'Escape', label: 'Back', run: back },
  ]
  useHotkeys(keys, 'frame')
}

/** Its script comes once the page has settled: keys pressed right after Ctrl K must not be lost. */
function usePreloadedPalette() {
  useEffect(() => {
    const timer = setTimeout(() => loadAhead(loadPalette), IDLE_MS)
    return () => clearTimeout(timer)
  }, [])
}

function useCloseOnMove(close: () => void) {
  const path = useRouterState({ select: (state) => state.location.pathname })
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the path changes
  useEffect(close, [path])
}
