import type { Item } from './items.ts'

/** Rows an item weighs: a message of 500 points is 500. */
export const rowsOf = (item: Item): number => (item.kind === 'message' ? item.points.length : 1)

const bytesOf = (item: Item): number => {
  if (item.kind !== 'message') return 128
  let bytes = 96
  for (const point of item.points) bytes += 64 + point.text.length
  return bytes
}

interface TenantQueue {
  readonly items: Item[]
  /** Index of the next item; the array is cut when it is used up. */
  next: number
  deficit: number
}

/** What one turn gives a tenant, in rows. */
const QUANTUM = 64

/**
 * The queue of a lane. Items of one tenant keep their order; tenants take turns by deficit round
 * robin, so that a flood from one does not delay another by more than its turn.
 */
export class FairQueue {
  readonly #tenants = new Map<number, TenantQueue>()
  rows = 0
  bytes = 0

  push(item: Item): void {
    const id = item.device.tenant.id
    const queue = this.#tenants.get(id)
    if (queue) queue.items.push(item)
    else this.#tenants.set(id, { items: [item], next: 0, deficit: 0 })
    this.rows += rowsOf(item)
    this.bytes += bytesOf(item)
  }

  /** Takes items of at most `maxRows` rows and `maxBytes` bytes, but at least one item if there is one. */
  take(maxRows: number, maxBytes: number): Item[] {
    const taken: Item[] = []
    let rows = 0
    let bytes = 0
    while (this.#tenants.size > 0) {
      for (const [id, queue] of this.#tenants) {
        queue.deficit += QUANTUM
        for (;;) {
          const item = queue.items[queue.next]
          if (!item) break
          const weight = rowsOf(item)
          const size = bytesOf(item)
          if (taken.length > 0 && (rows + weight > maxRows || bytes + size > maxBytes)) {
            forget(queue)
            this.#account(rows, bytes)
            return taken
          }
          if (weight > queue.deficit && this.#tenants.size > 1) break
          queue.deficit -= weight
          queue.next++
          rows += weight
          bytes += size
          taken.push(item)
        }
        this.#settleTurn(id, queue)
      }
    }
    this.#account(rows, bytes)
    return taken
  }

  /** Places held, those of items that were taken included: stays near {@link rows}. */
  get slots(): number {
    let slots = 0
    for (const queue of this.#tenants.values()) slots += queue.items.length
    return slots
  }

  /** Removes and returns everything. */
  drain(): Item[] {
    return this.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  }

  #account(rows: number, bytes: number): void {
    this.rows -= rows
    this.bytes -= bytes
  }

  #settleTurn(id: number, queue: TenantQueue): void {
    // Deleting and setting again moves the tenant to the end of the round.
    this.#tenants.delete(id)
    if (queue.next >= queue.items.length) return
    forget(queue)
    this.#tenants.set(id, queue)
  }
}

/** Items that were taken are let go in strides, since the cut moves what is left. */
const STRIDE = 1024

function forget(queue: TenantQueue): void {
  if (queue.next < STRIDE) return
  queue.items.splice(0, queue.next)
  queue.next = 0
}
