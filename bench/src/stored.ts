import type { Database } from '@pulse/server'
import { type LoadNumbers, numbersOf } from '@pulse/simulator'

/** What became of a run's messages, by the ids in the table. */
export interface Comparison {
  readonly acked: number
  readonly stored: number
  /** Acknowledged, and not in the table. */
  readonly lost: number
  /** Rows beyond the first of a device and id. */
  readonly duplicated: number
}

/** Compares the ids that the generator had acknowledged with those in the table. */
export async function compareIds(owner: Database, numbers: LoadNumbers): Promise<Comparison> {
  const counts = new Map(numbers.devices.map(({ key, sent }) => [key, new Uint8Array(sent + 1)]))
  let stored = 0
  let duplicated = 0
  for await (const { key, n } of storedIds(owner, numbers.run)) {
    const seen = counts.get(key)
    if (!seen) continue
    stored++
    if (seen[n]) duplicated++
    seen[n] = 1
  }
  let acked = 0
  let lost = 0
  for (const device of numbers.devices) {
    for (const n of numbersOf(device.acked)) {
      acked++
      if (!counts.get(device.key)?.[n]) lost++
    }
  }
  return { acked, stored, lost, duplicated }
}

interface StoredId {
  readonly key: string
  /** Number of the message, as its id says. */
  readonly n: number
  /** Epoch milliseconds. */
  readonly ts: number
}

/**
 * Every row of a run. The device is that of the row, not the one in the id: a message that was
 * stored under another device is missing where it belongs.
 */
export async function* storedIds(owner: Database, run: string): AsyncIterable<StoredId> {
  const devices = await owner<{ id: number; key: string }[]>`select id, key from registry.device`
  const keys = new Map(devices.map(({ id, key }) => [id, key]))
  const rows = owner<{ device: number; id: string; ts: number }[]>`
    select device, id, (extract(epoch from ts) * 1000)::float8 as ts
      from stream.message where starts_with(id, ${`${run}-`})`
  for await (const batch of rows.cursor(10_000)) {
    for (const { device, id, ts } of batch) {
      const [, key, n] = id.split('-')
      if (key === keys.get(device)) yield { key: key ?? '', n: Number(n), ts }
    }
  }
}
