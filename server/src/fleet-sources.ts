import { type Alert, severities } from '@pulse/contract'
import type { Actions } from '#actions'
import { type Commands, countRefused } from '#connect'
import type { FleetSources } from '#fleet'
import type { Live } from '#ops'
import { type Clock, type Database, inTenant } from '#platform'
import type { Directory } from '#registry'
import type { Rules } from '#rules'
import type { State } from '#state'
import { readEvents, readSparks } from '#stream'

export interface FleetSourcesDeps {
  readonly app: Database
  readonly clock: Clock
  readonly directory: Directory
  readonly state: State
  readonly rules: Rules
  readonly actions: Actions
  readonly commands: Commands
  readonly live: Live
}

/** Binds what Fleet asks for to the faces of the modules that know it. */
export function fleetSources(deps: FleetSourcesDeps): FleetSources {
  const { app, clock, directory, state, rules, actions, commands, live } = deps
  return {
    live: state.row,
    detail: state.detail,
    presence: (sql, range) => state.presenceBetween(sql, range.id, range.fromMs, range.toMs),
    events: (sql, range) => readEvents(sql, range.id, range.fromMs, range.toMs),
    sparks: readSparks,
    async openAlerts(tenant, limit) {
      const worst: Alert[] = []
      for (const severity of severities.toReversed()) {
        const left = limit - worst.length
        if (left === 0) break
        worst.push(
          ...(await rules.alerts(tenant, { state: 'active', severity, limit: left })).items,
        )
      }
      return worst
    },
    async alerts({ tenant, key, fromMs, toMs }) {
      const { items } = await rules.alerts(tenant, {
        state: 'all',
        device: key as never,
        limit: 200,
      })
      return items.filter(
        (alert) =>
          Date.parse(alert.openedAt) < toMs &&
          (alert.clearedAt === null || Date.parse(alert.clearedAt) >= fromMs),
      )
    },
    async commands({ tenant, key, fromMs, toMs }) {
      const device = await directory.deviceIn(tenant, key)
      const sent = device ? await commands.list(device.tenant.key, key) : []
      return sent
        .map(({ id, name, createdAt, state: stands }) => ({
          id,
          name,
          at: createdAt,
          state: stands,
        }))
        .filter(({ at }) => Date.parse(at) >= fromMs && Date.parse(at) < toMs)
    },
    refusedLastHour: (tenant) => inTenant(app, tenant, countRefused),
    perSecond: (tenant) => live.rate(tenant).perSecond,
    traffic: live.traffic,
    async deliveries({ tenant, key, fromMs, toMs }) {
      const sent = await actions.deliveriesBetween(tenant, key, { from: fromMs, to: toMs })
      return sent.map(({ id, createdAt, event, state: stands }) => ({
        id,
        at: createdAt,
        event,
        state: stands,
      }))
    },
    deliveryStats: (tenant, sinceMs) => actions.figures(tenant, { from: sinceMs, to: clock.now() }),
  }
}
