/** Sub-buckets of a power of two: a recorded value is off by less than 0.8 %, exact below 256. */
const SUB_BITS = 8
const SUB = 1 << SUB_BITS
const LARGEST = 0x7fff_ffff

/** What a histogram says, in milliseconds. All are 0 when nothing was recorded. */
export interface Percentiles {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export interface Histogram {
  /** Records a duration in microseconds; below 0 counts as 0, above 35 minutes as that. */
  readonly record: (microseconds: number) => void
  readonly percentiles: () => Percentiles
}

/** A log-linear histogram of durations with a resolution of a microsecond and a fixed size. */
export function createHistogram(): Histogram {
  const counts = new Float64Array(indexOf(LARGEST) + 1)
  let count = 0
  let sum = 0
  let max = 0
  const at = (share: number): number => {
    const wanted = Math.ceil(count * share)
    let seen = 0
    for (let index = 0; index < counts.length; index++) {
      seen += counts[index] as number
      if (seen >= wanted) return Math.min(upperEdge(index), max) / 1000
    }
    return max / 1000
  }
  return {
    record: (microseconds) => {
      const value = Math.min(Math.max(Math.round(microseconds), 0), LARGEST)
      const index = indexOf(value)
      counts[index] = (counts[index] as number) + 1
      count++
      sum += value
      if (value > max) max = value
    },
    percentiles: () =>
      count === 0
        ? { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
        : {
            count,
            mean: sum / count / 1000,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: max / 1000,
          },
  }
}

function indexOf(value: number): number {
  if (value < SUB) return value
  const shift = 31 - Math.clz32(value) - (SUB_BITS - 1)
  return (value >> shift) + shift * (SUB >> 1)
}

function upperEdge(index: number): number {
  if (index < SUB) return index
  const shift = Math.floor((index - (SUB >> 1)) / (SUB >> 1))
  const high = index - shift * (SUB >> 1)
  return (high + 1) * 2 ** shift - 1
}
