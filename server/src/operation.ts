import { join } from 'node:path'
import { rolePermissions } from '@pulse/contract'
import type { Gateway } from '#connect'
import {
  type Audit,
  createExports,
  createOperatorFigures,
  createRemoval,
  exportRoutes,
  operatorAuditRoutes,
  operatorRoutes,
} from '#ops'
import type { Clock, Config, Database, Log, Relay, Shell } from '#platform'
import type { Registry } from '#registry'

export interface OperationDeps {
  readonly pools: {
    readonly app: Database
    readonly owner: Database
    readonly operator: Database
    /** Of `pulse_app`, one connection: an export holds it until it is done. */
    readonly snapshot: Database
  }
  readonly registry: Registry
  readonly audit: Audit
  readonly gateway: Pick<Gateway, 'kickTenant'>
  readonly relay: Relay
  readonly clock: Clock
  readonly log: Log
  readonly config: Pick<Config, 'data'>
  readonly version: string
}

/** What operators do with tenants, put together: their area, suspension, export and deletion. */
export function createOperation(deps: OperationDeps) {
  const { pools, registry, gateway, clock, log } = deps
  const { directory, people, tenants } = registry
  const figures = createOperatorFigures({ operator: pools.operator, nowMs: clock.now })
  const folder = join(deps.config.data, 'exports')
  const exports = createExports({ ...deps, ...pools, tenants, folder })
  const removal = createRemoval({
    owner: pools.owner,
    clock,
    log,
    async onGone({ id }) {
      directory.forget(id)
      people.forget()
      gateway.kickTenant(id, 'connect.suspended')
      await exports.forget(id)
    },
  })
  deps.relay.on((event) => {
    if (event.type !== 'registry.tenant-changed') return
    directory.forget(event.tenant)
    people.forget()
    if (event.data['suspended'] === true) gateway.kickTenant(event.tenant, 'connect.suspended')
  })
  return {
    exports,
    removal,
    routes(shell: Shell): void {
      const may = new Set(rolePermissions.admin)
      operatorRoutes(shell, {
        registry,
        figures,
        invite: (act, draft) => registry.invitations.invite({ ...act, may }, draft),
      })
      operatorAuditRoutes(shell, deps.audit)
      exportRoutes(shell, exports)
    },
    start(): void {
      exports.start()
      removal.start()
    },
    async stop(): Promise<void> {
      await removal.stop()
      await exports.stop()
    },
  }
}
