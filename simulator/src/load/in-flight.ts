/** A message that was sent and is not acknowledged yet. Times are of `performance.now()`, ms. */
export interface Sent {
  n: number
  ts: number
  packetId: number
  startedAt: number
}

/**
 * The unacknowledged messages of one connection, oldest first, in typed arrays: at 10,000
 * connections an object for each message would cost more than its socket.
 */
export class InFlight {
  size = 0
  #head = 0
  #mask: number
  #n: Int32Array
  #ts: Float64Array
  #packetId: Uint16Array
  #startedAt: Float64Array

  constructor(capacity = 8) {
    this.#mask = 2 ** Math.ceil(Math.log2(Math.max(capacity, 2))) - 1
    this.#n = new Int32Array(this.#mask + 1)
    this.#ts = new Float64Array(this.#mask + 1)
    this.#packetId = new Uint16Array(this.#mask + 1)
    this.#startedAt = new Float64Array(this.#mask + 1)
  }

  push(n: number, ts: number, packetId: number, startedAt: number): void {
    if (this.size > this.#mask) this.#grow()
    const slot = (this.#head + this.size++) & this.#mask
    this.#n[slot] = n
    this.#ts[slot] = ts
    this.#packetId[slot] = packetId
    this.#startedAt[slot] = startedAt
  }

  /** Takes the message with this packet id into `into`; false when there is none. */
  take(packetId: number, into: Sent): boolean {
    for (let at = 0; at < this.size; at++) {
      const slot = (this.#head + at) & this.#mask
      if (this.#packetId[slot] !== packetId) continue
      this.#read(slot, into)
      this.#close(at)
      return true
    }
    return false
  }

  /** Reads the message at `at`, 0 being the oldest, into `into`. */
  read(at: number, into: Sent): void {
    this.#read((this.#head + at) & this.#mask, into)
  }

  clear(): void {
    this.size = 0
  }

  #read(slot: number, into: Sent): void {
    into.n = this.#n[slot] as number
    into.ts = this.#ts[slot] as number
    into.packetId = this.#packetId[slot] as number
    into.startedAt = this.#startedAt[slot] as number
  }

  /** Closes the gap at `at` by moving the older ones up: none, when acknowledged in order. */
  #close(at: number): void {
    for (let to = at; to > 0; to--) this.#move(to - 1, to)
    this.#head = (this.#head + 1) & this.#mask
    this.size--
  }

  #move(from: number, to: number): void {
    const source = (this.#head + from) & this.#mask
    const target = (this.#head + to) & this.#mask
    this.#n[target] = this.#n[source] as number
    this.#ts[target] = this.#ts[source] as number
    this.#packetId[target] = this.#packetId[source] as number
    this.#startedAt[target] = this.#startedAt[source] as number
  }

  #grow(): void {
    const larger = new InFlight((this.#mask + 1) * 2)
    const sent: Sent = { n: 0, ts: 0, packetId: 0, startedAt: 0 }
    for (let at = 0; at < this.size; at++) {
      this.read(at, sent)
      larger.push(sent.n, sent.ts, sent.packetId, sent.startedAt)
    }
    this.#head = 0
    this.#mask = larger.#mask
    this.#n = larger.#n
    this.#ts = larger.#ts
    this.#packetId = larger.#packetId
    this.#startedAt = larger.#startedAt
  }
}
