import type { DeviceStatus, Severity } from '@pulse/contract'
import { useContext, useEffect, useRef } from 'react'
import styles from './chart.module.css'
import { CrosshairContext } from './crosshair.ts'
import type { TimeRange } from './model.ts'
import { timeTicks } from './time-ticks.ts'
import { useWidth } from './use-size.ts'

/** Width of the value axis of a chart above, which a lane keeps free as well. */
const LEFT = 48
const ROW = 26
const AXIS = 24

export type LaneTone = DeviceStatus | Severity | 'accent' | 'neutral'

/** A span (with `to`) or an instant on a lane. */
export interface LaneItem {
  readonly id: string
  readonly from: number
  /** The end of a span; null while it goes on; absent for an instant. */
  readonly to?: number | null
  readonly tone: LaneTone
  /** How an instant is drawn: a square, or an arrow for what went out. */
  readonly shape?: 'square' | 'arrow'
  /** What it is, in words, with its time. */
  readonly title: string
  /** Where it leads. */
  readonly href?: string
}

export interface Lane {
  readonly name: string
  readonly items: readonly LaneItem[]
}

interface LanesProps {
  readonly lanes: readonly Lane[]
  readonly range: TimeRange
  /** Pixels at the right for the names; the same as the chart above. */
  readonly gutter: number
  readonly onOpen: (href: string) => void
}

/** What happened beside the values: one lane per kind, on the time axis of the chart above. */
export function Lanes({ lanes, range, gutter, onOpen }: LanesProps) {
  const root = useRef<HTMLDivElement>(null)
  const width = useWidth(root)
  const height = lanes.length * ROW + AXIS
  const right = Math.max(width - gutter, LEFT + 1)
  const scale = (at: number) =>
    LEFT + ((at - range.from) / (range.to - range.from)) * (right - LEFT)
  return (
    <div ref={root} className={styles.lanes} style={{ height }}>
      {width > 0 && (
        <svg height={height} viewBox={`0 0 ${width} ${height}`} aria-label="What happened">
          <title>What happened</title>
          {lanes.map((lane, i) => (
            <Row
              key={lane.name}
              lane={lane}
              y={i * ROW}
              frame={{ scale, right, range }}
              onOpen={onOpen}
            />
          ))}
          <Axis range={range} scale={scale} y={lanes.length * ROW} width={right - LEFT} />
          <Cross scale={scale} height={lanes.length * ROW} range={range} />
        </svg>
      )}
      <LanesInWords lanes={lanes} range={range} />
    </div>
  )
}

const TOLD = 20

/** The same for people who do not see it: what each lane holds in the range, newest last. */
function LanesInWords({ lanes, range }: Pick<LanesProps, 'lanes' | 'range'>) {
  return (
    <ul className="sr-only">
      {lanes.map((lane) => {
        const seen = lane.items.filter((item) => isSeen(item, range)).slice(-TOLD)
        const words = seen.map((item) => item.title).join('; ')
        return (
          <li key={lane.name}>
            {lane.name}: {words || 'nothing in this range'}
          </li>
        )
      })}
    </ul>
  )
}

const isSeen = (item: LaneItem, range: TimeRange): boolean =>
  item.from <= range.to && (item.to === null || (item.to ?? item.from) >= range.from)

interface Frame {
  readonly scale: (at: number) => number
  readonly right: number
  readonly range: TimeRange
}

interface RowProps {
  readonly lane: Lane
  readonly y: number
  readonly frame: Frame
  readonly onOpen: (href: string) => void
}

function Row({ lane, y, frame, onOpen }: RowProps) {
  const { range, right } = frame
  const seen = lane.items.filter((item) => isSeen(item, range))
  return (
    <g>
      <line
        className={styles.laneLine}
        x1={LEFT}
        x2={right}
        y1={y + ROW - 0.5}
        y2={y + ROW - 0.5}
      />
      {seen.map((item) => (
        <Item key={item.id} item={item} y={y + ROW / 2} frame={frame} onOpen={onOpen} />
      ))}
      <text className={styles.laneName} x={right + 12} y={y + ROW / 2 + 4}>
        {lane.name}
      </text>
    </g>
  )
}

interface ItemProps {
  readonly item: LaneItem
  readonly y: number
  readonly frame: Frame
  readonly onOpen: (href: string) => void
}

function Item({ item, y, frame, onOpen }: ItemProps) {
  const mark = <Mark item={item} y={y} frame={frame} />
  const { href } = item
  if (!href) return mark
  return (
    <a
      href={href}
      aria-label={item.title}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        onOpen(href)
      }}
    >
      {mark}
    </a>
  )
}

function Mark({ item, y, frame }: { item: LaneItem; y: number; frame: Frame }) {
  const { scale, right, range } = frame
  const className = `${styles.item} ${styles[item.tone]}`
  const title = <title>{item.title}</title>
  if (item.to !== undefined) {
    const x = Math.max(scale(item.from), LEFT)
    const end = Math.min(scale(item.to ?? range.to), right)
    return (
      <rect className={className} x={x} y={y - 4} width={Math.max(end - x, 3)} height={8} rx={2.5}>
        {title}
      </rect>
    )
  }
  const x = scale(item.from)
  if (item.shape === 'arrow') {
    return (
      <path className={className} d={`M${x - 4} ${y - 5}l9 5l-9 5z`}>
        {title}
      </path>
    )
  }
  return (
    <rect className={className} x={x - 4.5} y={y - 4.5} width={9} height={9} rx={2}>
      {title}
    </rect>
  )
}

interface AxisProps {
  readonly range: TimeRange
  readonly scale: (at: number) => number
  readonly y: number
  readonly width: number
}

function Axis({ range, scale, y, width }: AxisProps) {
  return (
    <g>
      {timeTicks(range, Math.max(2, Math.floor(width / 110))).map((tick) => (
        <text
          key={tick.at}
          className={styles.tick}
          x={scale(tick.at)}
          y={y + 17}
          textAnchor="middle"
        >
          {tick.label}
        </text>
      ))}
    </g>
  )
}

interface CrossProps {
  readonly scale: (at: number) => number
  readonly height: number
  readonly range: TimeRange
}

/** The crosshair is moved without a render: it follows the pointer. */
function Cross({ scale, height, range }: CrossProps) {
  const crosshair = useContext(CrosshairContext)
  const line = useRef<SVGLineElement>(null)
  useEffect(
    () =>
      crosshair.subscribe((at) => {
        const inside = at !== null && at >= range.from && at <= range.to
        line.current?.setAttribute('visibility', inside ? 'visible' : 'hidden')
        if (inside) line.current?.setAttribute('transform', `translate(${scale(at)} 0)`)
      }),
    [crosshair, scale, range],
  )
  return <line ref={line} className={styles.cross} y1={0} y2={height} visibility="hidden" />
}
