import type { Device } from '#registry'

/** Width of a slot: wake-ups come at most this much late, and never early. */
export const TICK_MS = 250

/**
 * A coarse timer wheel: at most one wake-up per device, the earliest that was asked for. Stages
 * derive their deadlines from state and look again when woken, so a deadline that moves later
 * (as with each message) costs one look in a map.
 */
export class WakeWheel {
  readonly #at = new Map<number, number>()
  readonly #slots = new Map<number, Device[]>()
  #swept: number

  constructor(nowMs: number) {
    this.#swept = Math.floor(nowMs / TICK_MS)
  }

  get size(): number {
    return this.#at.size
  }

  wake(device: Device, atMs: number): void {
    const slot = Math.max(Math.ceil(atMs / TICK_MS), this.#swept + 1)
    const known = this.#at.get(device.id)
    if (known !== undefined && known <= slot) return
    this.#at.set(device.id, slot)
    const devices = this.#slots.get(slot)
    if (devices) devices.push(device)
    else this.#slots.set(slot, [device])
  }

  /** Devices whose wake-up has come by `nowMs`, in order of their slots. */
  due(nowMs: number): Device[] {
    const until = Math.floor(nowMs / TICK_MS)
    const woken: Device[] = []
    if (until - this.#swept > this.#slots.size) {
      for (const slot of [...this.#slots.keys()].sort((a, b) => a - b)) {
        if (slot <= until) this.#empty(slot, woken)
      }
    } else {
      for (let slot = this.#swept + 1; slot <= until; slot++) this.#empty(slot, woken)
    }
    this.#swept = Math.max(this.#swept, until)
    return woken
  }

  #empty(slot: number, woken: Device[]): void {
    for (const device of this.#slots.get(slot) ?? []) {
      // A device that was asked to wake earlier meanwhile stands in an earlier slot too.
      if (this.#at.get(device.id) !== slot) continue
      this.#at.delete(device.id)
      woken.push(device)
    }
    this.#slots.delete(slot)
  }
}
