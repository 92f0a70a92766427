interface DeviceClaims {
  readonly ids: Set<number>
  /** Looks under way at what waits for the device. */
  looks: number
  /** Claims on messages that are gone, kept until no look is under way that may have seen them. */
  readonly gone: number[]
}

/**
 * Which messages that wait for a device are on their way already, by one of its connections: no
 * other may send them meanwhile.
 */
export class Claims {
  readonly #devices = new Map<number, DeviceClaims>()

  /** Looks at what waits for a device; `read` is told what not to look for. Those it finds are judged by `take`. */
  async look<Found, Taken>(
    device: number,
    read: (except: number[]) => Promise<Found>,
    take: (found: Found) => Taken,
  ): Promise<Taken> {
    const claims = this.#of(device)
    claims.looks++
    try {
      return take(await read([...claims.ids]))
    } finally {
      claims.looks--
      if (claims.looks === 0) for (const id of claims.gone.splice(0)) claims.ids.delete(id)
      this.#tidy(device, claims)
    }
  }

  /** False when another connection has it. Only within a look. */
  claim(device: number, id: number): boolean {
    const { ids } = this.#of(device)
    if (ids.has(id)) return false
    ids.add(id)
    return true
  }

  /** It was not sent, or not acknowledged: any connection may send it. */
  release(device: number, id: number): void {
    const claims = this.#of(device)
    claims.ids.delete(id)
    this.#tidy(device, claims)
  }

  /** It is in the database no more. A look that began before may have seen it all the same. */
  gone(device: number, id: number): void {
    const claims = this.#of(device)
    if (claims.looks > 0) claims.gone.push(id)
    else this.release(device, id)
  }

  #of(device: number): DeviceClaims {
    const known = this.#devices.get(device)
    if (known) return known
    const made = { ids: new Set<number>(), looks: 0, gone: [] }
    this.#devices.set(device, made)
    return made
  }

  #tidy(device: number, { ids, looks }: DeviceClaims): void {
    if (ids.size === 0 && looks === 0) this.#devices.delete(device)
  }
}
