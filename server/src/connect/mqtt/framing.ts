/** One complete packet within `bytes`: first byte, where its body begins, and its end. */
export interface Frame {
  bytes: Buffer
  start: number
  body: number
  end: number
}

/** What {@link Framer.next} says instead of an offset. */
export const TOO_LARGE = -1
export const BAD_LENGTH = -2

const nothing = Buffer.alloc(0)
const FIRST_ALLOCATION = 512

/**
 * Cuts a byte stream into MQTT packets by their remaining length. A packet that lies whole in a
 * chunk is not copied. One that does not is gathered in a buffer that grows with what has really
 * come, so that a client which announces much and sends little costs little.
 */
export class Framer {
  #held: Buffer | undefined
  #heldBytes = 0
  /** Bytes of the held packet; 0 while its length is not known. */
  #wanted = 0

  /** True when no packet has begun. */
  get empty(): boolean {
    return this.#held === undefined
  }

  /**
   * Looks for the end of a packet in `chunk` from `offset`, and returns where to go on. `frame` is
   * set to the packet, or its `end` to 0 when the chunk ended before. A packet of more than
   * `limit` bytes is refused as soon as its length is known.
   */
  next(chunk: Buffer, offset: number, limit: number, frame: Frame): number {
    if (this.#held) return this.#continue(chunk, offset, limit, frame)
    const body = bodyStart(chunk, offset, chunk.length)
    if (body < 0) return BAD_LENGTH
    const end = body === 0 ? 0 : body + remaining
    if (end - offset > limit) return TOO_LARGE
    if (body === 0 || end > chunk.length) {
      this.#hold(chunk, offset, end === 0 ? 0 : end - offset)
      frame.end = 0
      return chunk.length
    }
    frame.bytes = chunk
    frame.start = offset
    frame.body = body
    frame.end = end
    return end
  }

  #hold(chunk: Buffer, offset: number, wanted: number): void {
    const bytes = chunk.length - offset
    this.#held = Buffer.allocUnsafeSlow(capacity(bytes, wanted))
    chunk.copy(this.#held, 0, offset)
    this.#heldBytes = bytes
    this.#wanted = wanted
  }

  #continue(chunk: Buffer, from: number, limit: number, frame: Frame): number {
    let offset = from
    while (this.#wanted === 0 && offset < chunk.length) {
      this.#take(chunk, offset, ++offset)
      const body = bodyStart(this.#held as Buffer, 0, this.#heldBytes)
      if (body < 0) return BAD_LENGTH
      if (body > 0) this.#wanted = body + remaining
      if (this.#wanted > limit) return TOO_LARGE
    }
    if (this.#wanted > 0) {
      const end = Math.min(chunk.length, offset + this.#wanted - this.#heldBytes)
      this.#take(chunk, offset, end)
      offset = end
    }
    this.#complete(frame)
    return offset
  }

  #take(chunk: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start
    let held = this.#held as Buffer
    if (needed > held.length) {
      const grown = Buffer.allocUnsafeSlow(capacity(needed, this.#wanted))
      held.copy(grown, 0, 0, this.#heldBytes)
      held = this.#held = grown
    }
    chunk.copy(held, this.#heldBytes, start, end)
    this.#heldBytes = needed
  }

  #complete(frame: Frame): void {
    frame.end = 0
    if (this.#wanted === 0 || this.#heldBytes < this.#wanted) return
    frame.bytes = this.#held as Buffer
    frame.start = 0
    frame.body = bodyStart(frame.bytes, 0, this.#heldBytes)
    frame.end = this.#wanted
    this.#held = undefined
    this.#wanted = this.#heldBytes = 0
  }
}

const capacity = (bytes: number, wanted: number): number => {
  const doubled = Math.max(FIRST_ALLOCATION, bytes * 2)
  return wanted === 0 ? doubled : Math.max(bytes, Math.min(wanted, doubled))
}

/** The remaining length that {@link bodyStart} last read: a second result without an allocation. */
let remaining = 0

/** Where the body begins; 0 when more bytes are needed, -1 when the length is malformed [MQTT-1.5.5]. */
function bodyStart(bytes: Buffer, start: number, end: number): number {
  let value = 0
  let shift = 0
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at] as number
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      // The encoding must be the shortest one [MQTT-1.5.5-1].
      if (byte === 0 && shift > 0) return -1
      remaining = value
      return at + 1
    }
    shift += 7
    if (shift === 28) return -1
  }
  return 0
}

export const emptyFrame = (): Frame => ({ bytes: nothing, start: 0, body: 0, end: 0 })
