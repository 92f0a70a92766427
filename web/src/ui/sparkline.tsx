import { sparkPath } from './spark-path.ts'

interface SparklineProps {
  /** Oldest first; null is a gap and is drawn as one. */
  readonly values: readonly (number | null)[]
  readonly width?: number
  readonly height?: number
  /** Scales from zero: for rates and counts. */
  readonly fromZero?: boolean
  /** A token, such as `var(--online)`. */
  readonly color?: string
  /** What it shows, for assistive technology; leave out where the text beside it says so. */
  readonly label?: string
}

/** A small curve without axes, 1.4 px, scaled to its own range. */
export function Sparkline(props: SparklineProps) {
  const { values, width = 84, height = 20, color = 'var(--ink-3)', label, fromZero = false } = props
  const path = sparkPath(values, { width, height, fromZero })
  const size = { width, height, viewBox: `0 0 ${width} ${height}`, className: 'spark' }
  const line = (
    <path
      d={path}
      fill="none"
      stroke={color}
      strokeWidth="1.4"
      strokeLinejoin="round"
      strokeLinecap="round"
    />
  )
  if (!label) {
    return (
      <svg {...size} aria-hidden="true">
        {line}
      </svg>
    )
  }
  return (
    <svg {...size} role="img" aria-label={label}>
      {line}
    </svg>
  )
}
