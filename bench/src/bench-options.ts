/** What `npm run bench` can be told. */
export interface BenchOptions {
  /** The benchmark's own when left out. */
  readonly devices: number | undefined
  /** Messages in flight over all connections, of a closed loop; the benchmark's own when left out. */
  readonly inFlight: number | undefined
  /** How long is measured. */
  readonly seconds: number
}
