import { readFileSync } from 'node:fs'
import type { Metrics } from './models.ts'

const SOURCE = new URL('../../data/machine-temperature/readings.csv', import.meta.url)

/** Where the replay goes live: two minutes, at a reading a second, before the great failure. */
const LIVE_FROM = '2014-02-07 14:30:00'
/** One reading of the source is 5 minutes; here a second. */
export const READING_MS = 1000
/** The most that is laid before the start: six hours, which hold 75 days of the source. */
const BACKFILL_READINGS = 6 * 3600

export interface Reading {
  /** As the source has it: UTC without a zone. */
  readonly at: string
  readonly value: number
}

export interface Point {
  readonly ts: number
  readonly metrics: Metrics
}

/** Reads the recorded temperatures, oldest first. */
export function loadReadings(): readonly Reading[] {
  const [, ...lines] = readFileSync(SOURCE, 'utf8').trim().split('\n')
  return lines.map((line) => {
    const comma = line.indexOf(',')
    return { at: line.slice(0, comma), value: Number(line.slice(comma + 1)) }
  })
}

/** A recorded machine, with time compressed so that one reading of 5 minutes takes a second. */
export interface Replay {
  /** The points before `startMs`, oldest first, a second apart. */
  readonly backfill: (startMs: number) => readonly Point[]
  /** What the machine shows now; after the last reading it begins anew. */
  readonly metricsAt: (startMs: number, nowMs: number) => Metrics
}

export function createReplay(readings: readonly Reading[]): Replay {
  const live = readings.findIndex(({ at }) => at >= LIVE_FROM)
  const metrics = (index: number): Metrics => {
    const { value } = readings[index % readings.length] as Reading
    return { temperature: Math.round(value * 100) / 100 }
  }
  return {
    backfill: (startMs) => {
      const first = Math.max(live - BACKFILL_READINGS, 0)
      return Array.from({ length: live - first }, (_, at) => ({
        ts: startMs - (live - first - at) * READING_MS,
        metrics: metrics(first + at),
      }))
    },
    metricsAt: (startMs, nowMs) => metrics(live + Math.floor((nowMs - startMs) / READING_MS)),
  }
}
