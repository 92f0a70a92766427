import { useImperativeHandle, useMemo, useRef, useState } from 'react'
import styles from './chart.module.css'
import { COLOURED_LINES, gapsOf, type Line, type TimeRange } from './model.ts'
import { timeLabel } from './time-ticks.ts'
import { valueWithUnit } from './value-format.ts'

/** What a chart tells its tooltip: the time, and how far from the left that is. */
export interface TooltipHandle {
  readonly show: (at: number | null, left: number) => void
}

interface TooltipProps {
  readonly lines: readonly Line[]
  readonly range: TimeRange
  readonly handle: React.Ref<TooltipHandle>
}

/** Values with their unit at the time under the crosshair. */
export function Tooltip({ lines, range, handle }: TooltipProps) {
  const [place, setPlace] = useState<{ at: number; left: number } | null>(null)
  const box = useRef<HTMLDivElement>(null)
  useImperativeHandle(handle, () => ({
    show: (at, left) => setPlace(at === null ? null : { at, left }),
  }))
  const gaps = useMemo(() => lines.map((line) => gapsOf(line.series, range)), [lines, range])
  if (!place) return null
  const rows = lines.map((line, i) => {
    const silent = gaps[i]?.some((gap) => place.at > gap.from && place.at < gap.to)
    return { line, i, index: silent ? -1 : nearest(line.series.t, place.at) }
  })
  const room = box.current?.parentElement?.clientWidth ?? 0
  const right = place.left > room / 2
  const first = rows[0]
  const at = first && first.index >= 0 ? (first.line.series.t[first.index] ?? place.at) : place.at
  return (
    <div
      ref={box}
      className={styles.tip}
      aria-hidden
      style={{
        transform: `translateX(${place.left}px) translateX(${right ? 'calc(-100% - 12px)' : '12px'})`,
      }}
    >
      <div className={styles.time}>{timeLabel(at, range)}</div>
      {rows.map(({ line, i, index }) => (
        <Row key={line.name} line={line} colour={i} index={index} single={lines.length === 1} />
      ))}
    </div>
  )
}

interface RowProps {
  readonly line: Line
  readonly colour: number
  readonly index: number
  readonly single: boolean
}

function Row({ line, colour, index, single }: RowProps) {
  const value = line.series.mean[index]
  const low = line.series.min?.[index]
  const high = line.series.max?.[index]
  const spread = typeof low === 'number' && typeof high === 'number' && low !== high
  return (
    <div className={styles.value}>
      {!single && <Dot index={colour} />}
      <span>{line.name}</span>
      <b>{typeof value === 'number' ? valueWithUnit(value, line) : 'no data'}</b>
      {spread && (
        <span className={styles.spread}>
          {valueWithUnit(low, {})} to {valueWithUnit(high, line)}
        </span>
      )}
    </div>
  )
}

/** The colour of a line; beyond the sixth it is that of the others. */
export function Dot({ index }: { index: number }) {
  const name = index < COLOURED_LINES ? `dot${index + 1}` : 'dotOthers'
  return <span className={`${styles.dot} ${styles[name]}`} />
}

/** Index of the time that lies nearest; −1 in an empty list. */
export function nearest(t: readonly number[], at: number): number {
  let low = 0
  let high = t.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((t[middle] as number) < at) low = middle + 1
    else high = middle
  }
  if (low > 0 && at - (t[low - 1] as number) < (t[low] as number) - at) return low - 1
  return t.length === 0 ? -1 : low
}
