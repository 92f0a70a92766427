/** The little of topojson-client that draw-map.ts uses; the package has no types of its own. */
declare module 'topojson-client' {
  interface Geometry {
    readonly id: string
  }
  interface MultiLineString {
    readonly coordinates: readonly (readonly (readonly [number, number])[])[]
  }
  interface MultiPolygon {
    readonly coordinates: readonly (readonly (readonly (readonly [number, number])[])[])[]
  }
  export function mesh(
    topology: object,
    object: object,
    filter: (a: Geometry, b: Geometry) => boolean,
  ): MultiLineString
  export function merge(topology: object, objects: readonly Geometry[]): MultiPolygon
}
