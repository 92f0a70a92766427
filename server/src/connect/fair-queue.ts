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
  /** Bytes of each item, weighed once. */
  readonly sizes: number[]
  /** Index of the next item; the arrays are cut when much before it is used up. */
  next: number
  deficit: number
}

/** What is being taken, and how much of it there may be. */
interface Taking {
  readonly items: Item[]
  rows: number
  bytes: number
  readonly maxRows: number
  readonly maxBytes: number
  full: boolean
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
    const bytes = bytesOf(item)
    const queue = this.#tenants.get(id)
    if (queue) {
      queue.items.push(item)
      queue.sizes.push(bytes)
    } else this.#tenants.set(id, { items: [item], sizes: [bytes], next: 0, deficit: 0 })
    this.rows += rowsOf(item)
    this.bytes += bytes
  }

  /** Takes items of at most `maxRows` rows and `maxBytes` bytes, but at least one item if there is one. */
  take(maxRows: number, maxBytes: number): Item[] {
    const taking = { items: [], rows: 0, bytes: 0, maxRows, maxBytes, full: false }
    while (this.#tenants.size > 0 && !taking.full) {
      for (const [id, queue] of this.#tenants) {
        queue.deficit += QUANTUM
        takeTurn(queue, taking, this.#tenants.size === 1)
        if (taking.full) {
          forget(queue)
          break
        }
        this.#settleTurn(id, queue)
      }
    }
    this.rows -= taking.rows
    this.bytes -= taking.bytes
    return taking.items
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

  #settleTurn(id: number, queue: TenantQueue): void {
    // Deleting and setting again moves the tenant to the end of the round.
    this.#tenants.delete(id)
    if (queue.next >= queue.items.length) return
    forget(queue)
    this.#tenants.set(id, queue)
  }
}

/** One tenant's turn: until its deficit is used up (unless nobody else waits) or the batch is full. */
function takeTurn(queue: TenantQueue, taking: Taking, alone: boolean): void {
  for (let item = queue.items[queue.next]; item; item = queue.items[++queue.next]) {
    const rows = rowsOf(item)
    const bytes = queue.sizes[queue.next] as number
    taking.full =
      taking.items.length > 0 &&
      (taking.rows + rows > taking.maxRows || taking.bytes + bytes > taking.maxBytes)
    if (taking.full || (rows > queue.deficit && !alone)) return
    queue.deficit -= rows
    taking.rows += rows
    taking.bytes += bytes
    taking.items.push(item)
  }
}

/** Items that were taken are let go in strides, since the cut moves what is left. */
const STRIDE = 1024

function forget(queue: TenantQueue): void {
  if (queue.next < STRIDE) return
  queue.items.splice(0, queue.next)
  queue.sizes.splice(0, queue.next)
  queue.next = 0
}
