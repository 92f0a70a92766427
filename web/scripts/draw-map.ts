/**
 * Draws the land of the overview's map into `src/fleet/us-map.ts`: the 48 states between the
 * oceans, out of us-atlas (public domain), which comes projected (Albers, 975 by 610). Run by
 * `npm run draw-map -w web` when the atlas or the tolerance changes; the result is committed.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { merge, mesh } from 'topojson-client'

type Point = readonly [number, number]

/** How far, in units of the map, a drawn line may stray from the surveyed one. */
const TOLERANCE = 0.7
/** Islands below this size, in units of the map, would be specks. */
const SMALLEST = 4
/** Alaska, Hawaii and the territories, by FIPS code. */
const elsewhere = new Set(['02', '15', '60', '66', '69', '72', '78'])

interface Atlas {
  readonly objects: { readonly states: { readonly geometries: readonly { readonly id: string }[] } }
}

const source = new URL(import.meta.resolve('us-atlas/states-albers-10m.json'))
const atlas = JSON.parse(readFileSync(source, 'utf8')) as Atlas
const states = atlas.objects.states.geometries.filter((state) => !elsewhere.has(state.id))

const rings = merge(atlas, states)
  .coordinates.map((polygon) => polygon[0] ?? [])
  .filter((ring) => extent(ring) > SMALLEST)
const borders = mesh(atlas, { type: 'GeometryCollection', geometries: states }, (a, b) => a !== b)

const [left, top, right, bottom] = boundsOf(rings.flat())
const pad = 24
const box = [left - pad, top - pad, right - left + 2 * pad, bottom - top + 2 * pad].map(Math.round)

writeFileSync(
  new URL('../src/fleet/us-map.ts', import.meta.url),
  `// Drawn by scripts/draw-map.ts; do not edit.

/** Part of the projected plane that is shown. */
export const mapBox = '${box.join(' ')}'
/** Outline of the 48 states. */
export const land =
  '${rings.map((ring) => `${pathOf(ring)}Z`).join('')}'
/** Borders between states. */
export const borders =
  '${borders.coordinates.map(pathOf).join('')}'
`,
)

function extent(points: readonly Point[]): number {
  const [x0, y0, x1, y1] = boundsOf(points)
  return Math.max(x1 - x0, y1 - y0)
}

function boundsOf(points: readonly Point[]): readonly [number, number, number, number] {
  const xs = points.map(([x]) => x)
  const ys = points.map(([, y]) => y)
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

/** Relative path at half-unit precision: short, and exact enough for strokes of one unit. */
function pathOf(points: readonly Point[]): string {
  const kept = simplify(points).map(([x, y]) => [Math.round(x * 2), Math.round(y * 2)] as const)
  let [px, py] = [0, 0]
  return kept
    .map(([x, y], index) => {
      const step = `${index === 0 ? 'm' : 'l'}${(x - px) / 2} ${(y - py) / 2}`
      const absolute = `M${x / 2} ${y / 2}`
      ;[px, py] = [x, y]
      return index === 0 ? absolute : step
    })
    .join('')
}

/** Douglas and Peucker's. */
function simplify(points: readonly Point[]): readonly Point[] {
  const first = points[0]
  const last = points.at(-1)
  if (!first || !last || points.length < 3) return points
  let worst = 0
  let at = 0
  points.forEach((point, index) => {
    const distance = distanceTo(point, first, last)
    if (distance > worst) [worst, at] = [distance, index]
  })
  if (worst <= TOLERANCE) return [first, last]
  return [...simplify(points.slice(0, at + 1)).slice(0, -1), ...simplify(points.slice(at))]
}

function distanceTo([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const length = Math.hypot(bx - ax, by - ay)
  if (length === 0) return Math.hypot(x - ax, y - ay)
  return Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length
}
