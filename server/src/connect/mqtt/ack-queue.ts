import { PUBACK, putAck } from './packets.ts'

/** A message of the client that awaits its acknowledgement. */
export interface Ack {
  /** Packet type of the answer, PUBACK or PUBREC. */
  readonly type: number
  readonly packetId: number
  /** 0: not settled. 1: success. 2: `bytes` say it. */
  state: 0 | 1 | 2
  bytes: Buffer | undefined
}

/** Shared by all queues that are empty, to spare an idle connection an array; never written to. */
const empty: Ack[] = []

/** So many that have left may lie before the head until the array is cut. */
const LEFT_BEHIND = 512

/** Messages of one client in the order of arrival, in which their acknowledgements must leave [MQTT-4.6.0]. */
export class AckQueue {
  /** Of those taken last: a PUBREC that says yes does not end its message, since PUBREL is to come. */
  ended = 0
  #acks = empty
  #head = 0

  /** Messages that have not been acknowledged. */
  get length(): number {
    return this.#acks.length - this.#head
  }

  add(type: number, packetId: number): Ack {
    const ack: Ack = { type, packetId, state: 0, bytes: undefined }
    if (this.#acks === empty) this.#acks = [ack]
    else this.#acks.push(ack)
    return ack
  }

  /**
   * Takes the leading run of settled ones out, and gives their acknowledgements; undefined when the
   * first is not settled. {@link AckQueue.ended} then says how many messages end with them.
   */
  take(): Buffer | undefined {
    const start = this.#head
    let end = start
    let bytes = 0
    let ended = 0
    for (let ack = this.#acks[end]; ack && ack.state !== 0; ack = this.#acks[++end]) {
      bytes += ack.bytes === undefined ? 4 : ack.bytes.length
      if (ack.type === PUBACK || ack.bytes !== undefined) ended++
    }
    if (end === start) return undefined
    const written = write(this.#acks, start, end, bytes)
    this.#forget(end)
    this.ended = ended
    return written
  }

  clear(): void {
    this.#acks = empty
    this.#head = 0
  }

  #forget(end: number): void {
    this.#head = end
    if (end === this.#acks.length) this.clear()
    else if (end > LEFT_BEHIND) {
      this.#acks = this.#acks.slice(end)
      this.#head = 0
    }
  }
}

function write(acks: readonly Ack[], start: number, end: number, bytes: number): Buffer {
  const out = Buffer.allocUnsafe(bytes)
  let at = 0
  for (let index = start; index < end; index++) {
    const ack = acks[index] as Ack
    at =
      ack.bytes === undefined
        ? putAck(out, at, ack.type, ack.packetId)
        : at + ack.bytes.copy(out, at)
  }
  return out
}
