import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'
import { z } from 'zod'
import { apiKeysSearch, invitationsSearch, peopleSearch } from './access/search.ts'
import { deliveriesSearch } from './actions/search.ts'
import { connectSearch, rejectionsSearch } from './connect/search.ts'
import { overviewSearch } from './fleet/search.ts'
import { enteringsSearch, tenantsSearch } from './operator/search.ts'
import { auditSearch } from './ops/search.ts'
import { devicesSearch } from './registry/search.ts'
import { alertsSearch } from './rules/search.ts'
import { chooseTenant } from './session/choose-tenant.ts'
import { isSignedIn } from './session/kept-session.ts'
import { PageFault, PageLoading, PageMissing } from './shell/page-states.tsx'
import { Shell } from './shell/shell.tsx'
import { deviceSearch } from './state/search.ts'

const root = createRootRouteWithContext<{ readonly client: QueryClient }>()()

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: z.object({ to: z.string().optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('./pages/sign-in.tsx'), 'SignInPage'),
})
const callback = createRoute({
  getParentRoute: () => root,
  path: '/sign-in/callback',
  component: lazyRouteComponent(() => import('./pages/sign-in-callback.tsx'), 'CallbackPage'),
})
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./pages/invitation.tsx'), 'InvitationPage'),
})

/** Every page for people who are signed in; sends the others to sign in, and back after. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  validateSearch: z.object({ tenant: z.string().optional().catch(undefined) }),
  search: { middlewares: [retainSearchParams(['tenant'])] },
  beforeLoad: async ({ location, search, preload, context }) => {
    // A redirect is thrown by the router's own convention.
    // oxlint-disable-next-line typescript/only-throw-error
    if (!isSignedIn()) throw redirect({ to: '/sign-in', search: { to: location.href } })
    if (!preload) await chooseTenant(context.client, search.tenant)
  },
  component: Shell,
})

const overview = createRoute({
  getParentRoute: () => app,
  path: '/',
  validateSearch: overviewSearch,
  component: lazyRouteComponent(() => import('./pages/overview.tsx'), 'OverviewPage'),
})
const devices = createRoute({
  getParentRoute: () => app,
  path: '/devices',
  validateSearch: devicesSearch,
  component: lazyRouteComponent(() => import('./pages/devices.tsx'), 'DevicesPage'),
})
const device = createRoute({
  getParentRoute: () => app,
  path: '/devices/$key',
  validateSearch: deviceSearch,
  component: lazyRouteComponent(() => import('./pages/device.tsx'), 'DevicePage'),
})
const alerts = createRoute({
  getParentRoute: () => app,
  path: '/alerts',
  validateSearch: alertsSearch,
  component: lazyRouteComponent(() => import('./pages/alerts.tsx'), 'AlertsPage'),
})
const alert = createRoute({
  getParentRoute: () => app,
  path: '/alerts/$id',
  component: lazyRouteComponent(() => import('./pages/alert.tsx'), 'AlertPage'),
})
const deliveries = createRoute({
  getParentRoute: () => app,
  path: '/deliveries',
  validateSearch: deliveriesSearch,
  component: lazyRouteComponent(() => import('./pages/deliveries.tsx'), 'DeliveriesPage'),
})
const delivery = createRoute({
  getParentRoute: () => app,
  path: '/deliveries/$id',
  component: lazyRouteComponent(() => import('./pages/delivery.tsx'), 'DeliveryPage'),
})
const rejections = createRoute({
  getParentRoute: () => app,
  path: '/rejections',
  validateSearch: rejectionsSearch,
  component: lazyRouteComponent(() => import('./pages/rejections.tsx'), 'RejectionsPage'),
})
const connect = createRoute({
  getParentRoute: () => app,
  path: '/connect',
  validateSearch: connectSearch,
  component: lazyRouteComponent(() => import('./pages/connect-device.tsx'), 'ConnectDevicePage'),
})
const people = createRoute({
  getParentRoute: () => app,
  path: '/people',
  validateSearch: peopleSearch,
  component: lazyRouteComponent(() => import('./pages/people.tsx'), 'PeoplePage'),
})
const invitations = createRoute({
  getParentRoute: () => app,
  path: '/people/invitations',
  validateSearch: invitationsSearch,
  component: lazyRouteComponent(() => import('./pages/invitations.tsx'), 'InvitationsPage'),
})
const roles = createRoute({
  getParentRoute: () => app,
  path: '/people/roles',
  component: lazyRouteComponent(() => import('./pages/roles.tsx'), 'RolesPage'),
})
const apiKeys = createRoute({
  getParentRoute: () => app,
  path: '/people/keys',
  validateSearch: apiKeysSearch,
  component: lazyRouteComponent(() => import('./pages/api-keys.tsx'), 'ApiKeysPage'),
})

const account = createRoute({
  getParentRoute: () => app,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account.tsx'), 'AccountPage'),
})

const audit = createRoute({
  getParentRoute: () => app,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./pages/audit.tsx'), 'AuditPage'),
})
const tenant = createRoute({
  getParentRoute: () => app,
  path: '/tenant',
  component: lazyRouteComponent(() => import('./pages/tenant.tsx'), 'TenantPage'),
})
const operator = createRoute({
  getParentRoute: () => app,
  path: '/operator',
  validateSearch: tenantsSearch,
  component: lazyRouteComponent(
    () => import('./pages/operator-tenants.tsx'),
    'OperatorTenantsPage',
  ),
})
const operatorTenant = createRoute({
  getParentRoute: () => app,
  path: '/operator/tenants/$key',
  component: lazyRouteComponent(() => import('./pages/operator-tenant.tsx'), 'OperatorTenantPage'),
})
const operatorEnterings = createRoute({
  getParentRoute: () => app,
  path: '/operator/enterings',
  validateSearch: enteringsSearch,
  component: lazyRouteComponent(
    () => import('./pages/operator-enterings.tsx'),
    'OperatorEnteringsPage',
  ),
})
const operatorOperators = createRoute({
  getParentRoute: () => app,
  path: '/operator/operators',
  component: lazyRouteComponent(
    () => import('./pages/operator-operators.tsx'),
    'OperatorOperatorsPage',
  ),
})
const operatorAudit = createRoute({
  getParentRoute: () => app,
  path: '/operator/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./pages/operator-audit.tsx'), 'OperatorAuditPage'),
})

const missing = createRoute({ getParentRoute: () => app, path: '$', component: PageMissing })

const pages = [
  overview,
  devices,
  device,
  alerts,
  alert,
  deliveries,
  delivery,
  rejections,
  connect,
  people,
  invitations,
  roles,
  apiKeys,
  audit,
  tenant,
  operator,
  operatorTenant,
  operatorEnterings,
  operatorOperators,
  operatorAudit,
  account,
  missing,
] as const

/** The pages and their addresses. */
export const createPulseRouter = (client: QueryClient) =>
  createRouter({
    routeTree: root.addChildren([signIn, callback, invitation, app.addChildren(pages)]),
    context: { client },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultPendingComponent: PageLoading,
    defaultPendingMs: 150,
    defaultErrorComponent: PageFault,
    defaultNotFoundComponent: PageMissing,
  })

declare module '@tanstack/react-router' {
  interface Register {
    readonly router: ReturnType<typeof createPulseRouter>
  }
}
