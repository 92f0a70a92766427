import type { AlertDetail } from '@pulse/contract'
import { localTimes } from '../ui/format.ts'

/** The unit of a metric; undefined where it has none or is not known. */
export type UnitOf = (metric: string) => string | undefined

type Plot = AlertDetail['plot']

const SIDE = '(?:not )?at(?: or (?:above|below))?|above|below'
const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e[+-]?\d+)?`
const LIMIT = new RegExp(`\\b([A-Za-z_][\\w.-]*) (is|stayed) (${SIDE}) (${NUMBER})`, 'g')
const VALUE = new RegExp(`\\bmetrics\\.([\\w.-]+) = (${NUMBER})`, 'g')
const OPENING = new RegExp(`\\((${NUMBER})(?= at )`)
const BOUND = new RegExp(`\\b(${SIDE}) (${NUMBER})`)

const withUnit = (text: string, unit: string | undefined) => (unit ? `${text} ${unit}` : text)

/**
 * A sentence of the rules engine as a person reads it: clock times in the reader's zone, units at the
 * values. `at` is an instant of the same story.
 */
export function reasonWords(text: string, at: string, unitOf: UnitOf): string {
  const about = LIMIT.exec(text)?.[1]
  LIMIT.lastIndex = 0
  const told = text
    .replace(LIMIT, (said, metric: string) => withUnit(said, unitOf(metric)))
    .replace(VALUE, (said, metric: string) => withUnit(said, unitOf(metric)))
    .replace(OPENING, (said) => (about === undefined ? said : withUnit(said, unitOf(about))))
  return localTimes(told, at)
}

/** A plot whose limits, `opens above 36 for 5 s`, name the unit of what they limit. */
export function plotWords(plot: Plot, unitOf: UnitOf): Plot {
  if (plot === null) return null
  const unit = unitOf(plot.metric)
  const limits = plot.limits.map((limit) => ({
    ...limit,
    text: limit.text.replace(BOUND, (said) => withUnit(said, unit)),
  }))
  return { ...plot, limits }
}
