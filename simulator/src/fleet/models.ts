import type { MetricValue } from '@pulse/contract'
import {
  approach,
  clamp,
  daily,
  dewPointC,
  type Load,
  type LoadRange,
  stepLoad,
  wander,
} from './physics.ts'
import type { Random } from './random.ts'
import type { Fault } from './story.ts'

export type Metrics = Readonly<Record<string, MetricValue>>

/** What a model is told at each step. */
export interface Situation {
  readonly atMs: number
  /** Seconds since the step before. */
  readonly dtS: number
  readonly faults: ReadonlySet<Fault>
  /** Readings that wait to be sent. */
  readonly queued: number
}

/** A kind of device: a state, how it moves on, and what it shows. Pure but for the random drawn. */
export interface Model<S> {
  readonly initial: (random: Random) => S
  readonly step: (state: S, situation: Situation, random: Random) => S
  readonly read: (state: S, situation: Situation) => Metrics
}

interface Ups {
  readonly tempC: number
  readonly load: Load
  readonly batteryPct: number
  readonly mainsV: number
}
const UPS_LOAD: LoadRange = { lowPct: 30, highPct: 60 }
const UPS_TAU_S = 25
/** How much hotter a UPS gets in the end without its fan. */
const NO_FAN_C = 28
/** Far faster than a real battery, so that one can watch it. */
const DRAIN_PCT_PER_S = 0.45
const CHARGE_PCT_PER_S = 0.25
const FULL_RUNTIME_S = 1800

export const upsTargetC = (loadPct: number, atMs: number, fanFailed: boolean): number =>
  22 + 0.12 * loadPct + 0.8 * daily(atMs) + (fanFailed ? NO_FAN_C : 0)

export const ups: Model<Ups> = {
  initial: (random) => {
    const load = startLoad(UPS_LOAD, random)
    return { tempC: 22 + 0.12 * load.pct, load, batteryPct: 97 + 3 * random(), mainsV: 0 }
  },
  step: (state, { atMs, dtS, faults }, random) => {
    const load = stepLoad(state.load, dtS, UPS_LOAD, random)
    const target = upsTargetC(load.pct, atMs, faults.has('fan-failed'))
    const drift = faults.has('mains-out') ? -DRAIN_PCT_PER_S : CHARGE_PCT_PER_S
    return {
      load,
      tempC: approach(state.tempC, target, dtS, UPS_TAU_S) + 0.05 * (random() - 0.5),
      batteryPct: clamp(state.batteryPct + drift * dtS, 4, 100),
      mainsV: wander(state.mainsV, dtS, { tauS: 20, sigma: 0.9 }, random),
    }
  },
  read: (state, { faults }) => {
    const onBattery = faults.has('mains-out')
    return {
      internalTempC: round(state.tempC, 2),
      loadPct: round(state.load.pct, 1),
      batteryPct: round(state.batteryPct, 1),
      inputV: onBattery ? 0 : round(120.4 + state.mainsV, 1),
      onBattery,
      runtimeS: Math.round((state.batteryPct / state.load.pct) * (FULL_RUNTIME_S / 2)),
    }
  },
}

interface Rack {
  readonly tempC: number
  readonly noiseC: number
  readonly humidity: number
  readonly airflowMs: number
  readonly offsetC: number
}

export const rack: Model<Rack> = {
  initial: (random) => {
    const offsetC = 3 * random()
    return { tempC: 22.5 + offsetC, noiseC: 0, humidity: 0, airflowMs: 2.4, offsetC }
  },
  step: (state, { atMs, dtS, faults }, random) => {
    const open = faults.has('door-open')
    const target = 22.5 + state.offsetC + 1.2 * daily(atMs) + (open ? 4 : 0)
    return {
      offsetC: state.offsetC,
      tempC: approach(state.tempC, target, dtS, 60),
      noiseC: wander(state.noiseC, dtS, { tauS: 15, sigma: 0.12 }, random),
      humidity: wander(state.humidity, dtS, { tauS: 300, sigma: 2.5 }, random),
      airflowMs: approach(state.airflowMs, open ? 0.9 : 2.4, dtS, 4),
    }
  },
  read: (state, { faults }) => ({
    tempC: round(state.tempC + state.noiseC, 2),
    humidityPct: round(clamp(43 + state.humidity, 10, 90), 1),
    airflowMs: round(state.airflowMs + state.noiseC / 4, 2),
    doorOpen: faults.has('door-open'),
  }),
}

interface Gateway {
  readonly cpu: number
  readonly mem: number
  readonly rssi: number
}

export const gateway: Model<Gateway> = {
  initial: (random) => ({ cpu: 0, mem: 4 * random(), rssi: 0 }),
  step: (state, { dtS, faults }, random) => ({
    cpu: wander(state.cpu, dtS, { tauS: 20, sigma: 6 }, random),
    mem: wander(state.mem, dtS, { tauS: 900, sigma: 5 }, random),
    rssi: faults.has('link-down')
      ? approach(state.rssi, -34, dtS, 3)
      : wander(state.rssi, dtS, { tauS: 12, sigma: 3 }, random),
  }),
  read: (state, { queued }) => ({
    cpuPct: round(clamp(22 + state.cpu + Math.min(queued, 20), 1, 100), 1),
    memPct: round(clamp(48 + state.mem, 5, 98), 1),
    uplinkRssiDbm: Math.round(clamp(-71 + state.rssi, -113, -51)),
    queued,
  }),
}

interface Environment {
  readonly tempC: number
  readonly humidity: number
}

export const environment: Model<Environment> = {
  initial: () => ({ tempC: 0, humidity: 0 }),
  step: (state, { dtS }, random) => ({
    tempC: wander(state.tempC, dtS, { tauS: 240, sigma: 0.5 }, random),
    humidity: wander(state.humidity, dtS, { tauS: 400, sigma: 3 }, random),
  }),
  read: (state, { atMs, faults }) => {
    const tempC = 21 + 2 * daily(atMs) + state.tempC
    const humidityPct = clamp(46 + state.humidity + (faults.has('leak') ? 9 : 0), 5, 99)
    return {
      tempC: round(tempC, 2),
      humidityPct: round(humidityPct, 1),
      dewPointC: round(dewPointC(tempC, humidityPct), 2),
      leak: faults.has('leak'),
    }
  },
}

interface Meter {
  readonly load: Load
  readonly kWh: number
  readonly pf: number
}
const METER_LOAD: LoadRange = { lowPct: 40, highPct: 85 }
const METER_KW = 120

const meterKW = (load: Load, atMs: number): number => (METER_KW * load.pct) / 100 + 6 * daily(atMs)

export const meter: Model<Meter> = {
  initial: (random) => ({
    load: startLoad(METER_LOAD, random),
    kWh: Math.round(80_000 + 40_000 * random()),
    pf: 0,
  }),
  step: (state, { atMs, dtS }, random) => ({
    load: stepLoad(state.load, dtS, METER_LOAD, random),
    kWh: state.kWh + (meterKW(state.load, atMs) * dtS) / 3600,
    pf: wander(state.pf, dtS, { tauS: 60, sigma: 0.008 }, random),
  }),
  read: (state, { atMs }) => ({
    kW: round(meterKW(state.load, atMs), 2),
    kWh: round(state.kWh, 3),
    pf: round(clamp(0.94 + state.pf, 0.8, 1), 3),
  }),
}

const models = { ups, rack, gateway, environment, meter } as const

/** A running device model: each call moves it on and returns what it shows. */
export type Sampler = (situation: Situation) => Metrics

/** Starts the model of a device type; undefined for a type that has none. */
export function createSampler(type: string, random: Random): Sampler | undefined {
  if (!Object.hasOwn(models, type)) return undefined
  return run(models[type as keyof typeof models] as Model<unknown>, random)
}

function run<S>(model: Model<S>, random: Random): Sampler {
  let state = model.initial(random)
  return (situation) => {
    state = model.step(state, situation, random)
    return model.read(state, situation)
  }
}

function startLoad(range: LoadRange, random: Random): Load {
  const pct = range.lowPct + random() * (range.highPct - range.lowPct)
  return { pct, targetPct: pct, holdS: 30 + random() * 90 }
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}
