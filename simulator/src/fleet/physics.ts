import { normal, type Random } from './random.ts'

const DAY_MS = 86_400_000
/** The warmest hour of the day, in UTC: three in the afternoon in the middle of the US. */
const WARMEST_HOUR = 21

/**
 * First-order response: where a value stands after `dtS` seconds on its way to `target`. After
 * `tauS` seconds 63 % of the way is done, after three times that 95 %.
 */
export function approach(value: number, target: number, dtS: number, tauS: number): number {
  return target + (value - target) * Math.exp(-dtS / tauS)
}

/** The swing of a day: 1 in the warmest hour, -1 twelve hours off. */
export function daily(atMs: number): number {
  return Math.cos(((atMs % DAY_MS) / DAY_MS - WARMEST_HOUR / 24) * 2 * Math.PI)
}

/**
 * Noise with a memory of `tauS` seconds and a lasting deviation of `sigma` (Ornstein and
 * Uhlenbeck): what a real reading does about its mean, whatever the step.
 */
export function wander(
  value: number,
  dtS: number,
  { tauS, sigma }: { readonly tauS: number; readonly sigma: number },
  random: Random,
): number {
  const kept = Math.exp(-dtS / tauS)
  return value * kept + sigma * Math.sqrt(1 - kept * kept) * normal(random)
}

/** A load that holds a level for a while and then steps to another. */
export interface Load {
  readonly pct: number
  readonly targetPct: number
  readonly holdS: number
}

export interface LoadRange {
  readonly lowPct: number
  readonly highPct: number
}

const LOAD_TAU_S = 8

/** Moves a load on by `dtS`: each level is held for one to four minutes. */
export function stepLoad(load: Load, dtS: number, range: LoadRange, random: Random): Load {
  const pct = approach(load.pct, load.targetPct, dtS, LOAD_TAU_S)
  const holdS = load.holdS - dtS
  if (holdS > 0) return { ...load, pct, holdS }
  const targetPct = range.lowPct + random() * (range.highPct - range.lowPct)
  return { pct, targetPct, holdS: 60 + random() * 180 }
}

/** Dew point in °C (Magnus formula), for a relative humidity in per cent above 0. */
export function dewPointC(tempC: number, humidityPct: number): number {
  const gamma = Math.log(humidityPct / 100) + (17.62 * tempC) / (243.12 + tempC)
  return (243.12 * gamma) / (17.62 - gamma)
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
