/** Charts over time: lines with limits and gaps, lanes below them, one crosshair for the page. */
export { Chart } from './chart.tsx'
export { CrosshairContext, createCrosshair } from './crosshair.ts'
export { type Lane, type LaneItem, Lanes } from './lanes.tsx'
export type { AlertSpan, Line, TimeRange } from './model.ts'
export { rangeLabel } from './time-ticks.ts'
