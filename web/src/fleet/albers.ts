const radians = (degrees: number) => (degrees * Math.PI) / 180

/** Albers' equal-area conic with the parallels and the scale of us-atlas. */
const south = Math.sin(radians(29.5))
const n = (south + Math.sin(radians(45.5))) / 2
const c = 1 + south * (2 * n - south)
const scale = 1300
const [centreX, centreY] = raw(-0.6, 38.7)

function raw(lon: number, lat: number): readonly [number, number] {
  const r = Math.sqrt(c - 2 * n * Math.sin(radians(lat))) / n
  const angle = radians(lon) * n
  return [r * Math.sin(angle), Math.sqrt(c) / n - r * Math.cos(angle)]
}

/** Where a place lies on the map of the 48 states; undefined when it lies outside of it. */
export function project(lat: number, lon: number): { x: number; y: number } | undefined {
  if (lat < 24 || lat > 50 || lon < -126 || lon > -66) return undefined
  const [x, y] = raw(lon + 96, lat)
  return { x: 487.5 + scale * (x - centreX), y: 305 - scale * (y - centreY) }
}
