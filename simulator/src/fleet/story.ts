/**
 * What goes wrong, and when: a storyline that repeats, keyed to the seconds since the fleet
 * started. Times are chosen so that an alert opens within half a minute, and so that the portal has
 * something of every kind to show within five.
 */

/**
 * - fan-failed: the UPS heats up · mains-out: the UPS runs on its battery
 * - door-open, leak: as sensors see them
 * - link-down: unreachable, but it goes on measuring and sends later what it gathered
 * - dark: no power, so nothing is measured either
 */
export type Fault = 'fan-failed' | 'mains-out' | 'door-open' | 'leak' | 'link-down' | 'dark'

/** A message that Pulse must refuse. */
export type Mishap = 'clock-ahead' | 'bad-json'

interface Recurring {
  /** Device or site that it befalls. */
  readonly device?: string
  readonly site?: string
  readonly firstS: number
  readonly everyS: number
}
export interface Episode extends Recurring {
  readonly fault: Fault
  readonly lastsS: number
}
export interface Moment extends Recurring {
  readonly mishap: Mishap
}

const FOREVER = Number.POSITIVE_INFINITY

export const episodes: readonly Episode[] = [
  { device: 'ups-0041', fault: 'fan-failed', firstS: 2, lastsS: 45, everyS: 360 },
  { device: 'gw-0005', fault: 'link-down', firstS: 40, lastsS: 12, everyS: 45 },
  { device: 'rack-0103', fault: 'door-open', firstS: 50, lastsS: 25, everyS: 150 },
  { device: 'ups-0012', fault: 'mains-out', firstS: 75, lastsS: 100, everyS: 480 },
  { site: 'ashburn', fault: 'dark', firstS: 150, lastsS: 120, everyS: 600 },
  { device: 'env-0011', fault: 'leak', firstS: 420, lastsS: 40, everyS: 1200 },
  // Back for half a minute every half hour, which is how one meets it in the field.
  { device: 'rack-0107', fault: 'dark', firstS: 25, lastsS: 1800, everyS: 1830 },
  // Registered, delivered, never unpacked.
  { device: 'rack-0204', fault: 'dark', firstS: 0, lastsS: FOREVER, everyS: FOREVER },
]

export const moments: readonly Moment[] = [
  { device: 'env-0021', mishap: 'clock-ahead', firstS: 20, everyS: 120 },
  { device: 'meter-0002', mishap: 'bad-json', firstS: 45, everyS: 130 },
]

/** A device as the story knows it. */
export interface Character {
  readonly key: string
  readonly site: string
}

const befalls = ({ device, site }: Recurring, character: Character): boolean =>
  device === character.key || site === character.site

/** The faults that a device has, `elapsedS` seconds after the start. */
export function faultsAt(character: Character, elapsedS: number): ReadonlySet<Fault> {
  const active = episodes.filter(
    (episode) => befalls(episode, character) && isActive(episode, elapsedS),
  )
  return new Set(active.map(({ fault }) => fault))
}

function isActive({ firstS, lastsS, everyS }: Episode, elapsedS: number): boolean {
  if (elapsedS < firstS) return false
  const since = everyS === FOREVER ? elapsedS - firstS : (elapsedS - firstS) % everyS
  return since < lastsS
}

/** The mishaps that befell a device after `fromS` and up to `toS`. */
export function mishapsBetween(character: Character, fromS: number, toS: number): Mishap[] {
  const times = (moment: Moment, atS: number) =>
    atS < moment.firstS ? 0 : Math.floor((atS - moment.firstS) / moment.everyS) + 1
  return moments
    .filter((moment) => befalls(moment, character) && times(moment, toS) > times(moment, fromS))
    .map(({ mishap }) => mishap)
}
