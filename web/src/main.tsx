import './styles.ts'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createPulseRouter } from './router.tsx'
import { isSignedIn, onSessionChange } from './session/kept-session.ts'
import { ApiProblem } from './session/problem.ts'
import { sessionQuery } from './session/queries.ts'
import { reloadWhenStale } from './shell/stale-build.ts'
import { colorSchemeManager, cssVariablesResolver, theme } from './ui/theme.ts'

/** Refusals are final; what never reached the server is tried twice more. */
const retry = (failures: number, error: Error) =>
  failures < 2 &&
  error instanceof ApiProblem &&
  (error.code === 'portal.unreachable' || error.status === 503)

const client = new QueryClient({
  defaultOptions: { queries: { retry, staleTime: 10_000, refetchOnWindowFocus: false } },
})
const router = createPulseRouter(client)

onSessionChange(() => {
  const { pathname, href } = router.state.location
  if (isSignedIn() || pathname.startsWith('/sign-in')) return
  void router.navigate({ to: '/sign-in', search: { to: href } }).then(() => client.clear())
})

// Asked for before the page is drawn: everything on it waits for the token.
if (isSignedIn()) void client.prefetchQuery(sessionQuery())

reloadWhenStale()

const place = document.getElementById('root')
if (!place) throw new Error('index.html has no #root')
createRoot(place).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      colorSchemeManager={colorSchemeManager}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
