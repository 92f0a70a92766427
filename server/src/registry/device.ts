/** A tenant as the data path sees it. */
export interface Tenant {
  readonly id: number
  readonly key: string
  readonly name: string
  readonly region: string
  /** Telemetry older than this is refused and hidden, milliseconds. */
  readonly retentionMs: number
  readonly suspended: boolean
}

/**
 * A device as the data path sees it: immutable. A change in the Registry makes a new object, so
 * whatever is derived from one may be kept in a WeakMap under it.
 */
export interface Device {
  readonly id: number
  readonly tenant: Tenant
  readonly key: string
  readonly name: string
  readonly type: string
  readonly site: string | null
  readonly tags: Readonly<Record<string, string>>
  /** Silent for this long: stale. Milliseconds. */
  readonly staleAfterMs: number
  /** Silent for this long and without a session: offline. Milliseconds. */
  readonly offlineAfterMs: number
  /** The metric that lists show as its reading. */
  readonly readingMetric: string | null
}
