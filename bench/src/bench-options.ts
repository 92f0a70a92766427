/** What `npm run bench` can be told. */
export interface BenchOptions {
  /** The benchmark's own when left out. */
  readonly devices: number | undefined
  /** How long is measured. */
  readonly seconds: number
}
