import type { DeviceDetail, DeviceType, Series } from '@pulse/contract'
import type { Line } from '../ui/chart/index.ts'

/** What is known of a metric: its name for people, its unit, whether it is a boolean. */
export interface MetricInfo {
  readonly name: string
  readonly title: string
  readonly unit: string | undefined
  readonly boolean: boolean
}

/** Metrics of a device that can be drawn: the declared ones first, then what it sent besides. */
export function metricsOf(
  device: Pick<DeviceDetail, 'metrics'>,
  type: DeviceType | undefined,
): MetricInfo[] {
  const declared = (type?.metrics ?? []).map((metric) => metric.name)
  const sent = Object.keys(device.metrics).toSorted()
  const names = [...new Set([...declared, ...sent])]
  return names
    .filter((name) => typeof device.metrics[name]?.value !== 'string')
    .map((name) => metricInfo(name, device, type))
}

export function metricInfo(
  name: string,
  device: Pick<DeviceDetail, 'metrics'> | undefined,
  type: DeviceType | undefined,
): MetricInfo {
  const declared = type?.metrics.find((metric) => metric.name === name)
  return {
    name,
    title: declared?.title ?? name,
    unit: declared?.unit,
    boolean: typeof device?.metrics[name]?.value === 'boolean',
  }
}

/** The series of a metric as a chart draws it; without an answer yet, without points. */
export function lineOf(info: MetricInfo, all: readonly Series[]): Line {
  const found = all.find((series) => series.metric === info.name)
  const empty = { metric: info.name, mode: 'raw' as const, bucketMs: 0, t: [], mean: [] }
  return { name: info.title, unit: info.unit, boolean: info.boolean, series: found ?? empty }
}

/** The unit of each metric of a type. */
export const unitsOf =
  (type: DeviceType | undefined) =>
  (metric: string): string | undefined =>
    type?.metrics.find((declared) => declared.name === metric)?.unit

/** The unit of a metric where no device is at hand: that of all types that declare it, if alike. */
export function unitOf(
  types: ReadonlyMap<string, DeviceType> | undefined,
  metric: string,
): string | undefined {
  const name = metric.replace(/^metrics\./, '')
  const units = [...(types?.values() ?? [])]
    .flatMap((type) => type.metrics)
    .filter((declared) => declared.name === name)
    .map((declared) => declared.unit)
  return new Set(units).size === 1 ? units[0] : undefined
}
