import type { OperatorTenant } from '@pulse/contract'
import { formatCount } from '../ui/format.ts'

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })

/** A large count, about: `1.2M`. */
export const formatAbout = (count: number): string => compact.format(count)

/** Messages per second: whole from ten on. */
export const formatRate = (perSecond: number): string =>
  perSecond >= 10 || perSecond === 0 ? formatCount(perSecond) : perSecond.toFixed(1)

/** Share of the devices that are online; undefined without devices. */
export const onlineShare = ({ devices, online }: OperatorTenant): number | undefined =>
  devices === 0 ? undefined : online / devices

/** `98.2 %`; never 100 while one is missing. */
export function formatShare(share: number | undefined): string {
  if (share === undefined) return '—'
  const percent = share === 1 ? 100 : Math.min(Math.floor(share * 1000) / 10, 99.9)
  return `${percent.toFixed(1).replace(/\.0$/, '')} %`
}

type Order = (a: OperatorTenant, b: OperatorTenant) => number

const by =
  (value: (tenant: OperatorTenant) => number): Order =>
  (a, b) =>
    value(a) - value(b)

const orders: Readonly<Record<string, Order>> = {
  name: (a, b) => a.name.localeCompare(b.name),
  state: (a, b) => a.state.localeCompare(b.state),
  devices: by(({ devices }) => devices),
  online: by((tenant) => onlineShare(tenant) ?? 2),
  people: by(({ people }) => people),
  rate: by(({ messagesPerSecond }) => messagesPerSecond),
  stored: by(({ storedMessages }) => storedMessages),
  alerts: by(({ openAlerts }) => openAlerts),
  dead: by(({ deadLetters }) => deadLetters),
  refused: by(({ rejectionsLastHour }) => rejectionsLastHour),
  region: (a, b) => `${a.region} ${a.cell}`.localeCompare(`${b.region} ${b.cell}`),
}

/** Tenants by a column: `rate` rising, `-rate` falling; by name where the column is unknown. */
export function sortTenants(tenants: readonly OperatorTenant[], sort: string) {
  const order = orders[sort.replace(/^-/, '')] ?? orders['name']
  const sign = sort.startsWith('-') ? -1 : 1
  return order ? tenants.toSorted((a, b) => sign * order(a, b)) : tenants
}
