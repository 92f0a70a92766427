interface SparkBox {
  readonly width: number
  readonly height: number
  /** Scales from zero: for rates and counts, whose noise must not look like news. */
  readonly fromZero?: boolean
}

/** The path through the values; a null lifts the pen, a lone value is a short dash. */
export function sparkPath(values: readonly (number | null)[], box: SparkBox): string {
  const { width, height, fromZero = false } = box
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return ''
  const { low, span } = scaleOf(known, fromZero)
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0
  const pad = 2
  const y = (value: number) =>
    span === 0 ? height / 2 : height - pad - ((value - low) / span) * (height - 2 * pad)
  const parts: string[] = []
  values.forEach((value, index) => {
    if (value === null) return
    const point = `${(1 + index * step).toFixed(1)} ${y(value).toFixed(1)}`
    const before = index > 0 ? values[index - 1] : null
    const after = values[index + 1]
    parts.push(`${before === null || before === undefined ? 'M' : 'L'}${point}`)
    const lone =
      (before === null || before === undefined) && (after === null || after === undefined)
    if (lone) parts.push('h1.5')
  })
  return parts.join('')
}

/** Least share of its size that a curve must vary by to fill its height: less is noise, not news. */
const LEAST = 0.05

function scaleOf(known: readonly number[], fromZero: boolean) {
  const low = fromZero ? 0 : Math.min(...known)
  const high = Math.max(...known)
  const span = Math.max(high - low, LEAST * Math.max(Math.abs(high), Math.abs(low)))
  return { low: fromZero ? 0 : (low + high - span) / 2, span }
}
