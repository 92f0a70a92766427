import type { Room } from './queue.ts'

/** A destination that failed this often in a row is probed by one delivery at a time. */
const TRIPS_AFTER = 5

interface Load {
  readonly tenant: number
  readonly destination: string
  inFlight: number
  /** Failures in a row. */
  failures: number
}

interface Place {
  readonly tenant: number
  readonly destination: string
}

/**
 * How much more each destination can take: its concurrency less what is in flight, and a circuit
 * breaker that lets one probe through while a destination fails.
 */
export class Rooms {
  readonly #perDestination: number
  readonly #loads = new Map<string, Load>()

  constructor(perDestination: number) {
    this.#perDestination = perDestination
  }

  enter(place: Place): void {
    this.#loadOf(place).inFlight++
  }

  /** Ends what `enter` began. `succeeded` is undefined when nobody knows. */
  leave(place: Place, succeeded: boolean | undefined): void {
    const load = this.#loadOf(place)
    load.inFlight--
    if (succeeded !== undefined) load.failures = succeeded ? 0 : load.failures + 1
    if (load.inFlight === 0 && load.failures === 0) this.#loads.delete(keyOf(place))
  }

  /** The destinations that cannot take the usual number. */
  tight(): readonly Room[] {
    return [...this.#loads.values()].map(({ tenant, destination, inFlight, failures }) => {
      const most = failures >= TRIPS_AFTER ? 1 : this.#perDestination
      return { tenant, destination, free: Math.max(0, most - inFlight) }
    })
  }

  #loadOf({ tenant, destination }: Place): Load {
    const key = keyOf({ tenant, destination })
    const load = this.#loads.get(key) ?? { tenant, destination, inFlight: 0, failures: 0 }
    this.#loads.set(key, load)
    return load
  }
}

const keyOf = ({ tenant, destination }: Place): string => `${tenant}/${destination}`
