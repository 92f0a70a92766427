import type { Actor } from '#platform'
import type { Device, Directory } from '#registry'
import type { RuleBook } from './book.ts'
import type { Outage } from './machine.ts'

export interface RulesStageDeps {
  readonly book: RuleBook
  readonly directory: Pick<Directory, 'devices'>
  /** When the last committed message of a device was received (or value of a metric measured), epoch ms. */
  readonly lastHeard: (deviceId: number, metric?: string) => number | undefined
  /** Every device that was heard, with that time. */
  readonly devicesHeard: () => Iterable<readonly [Device, number]>
  /** The outages of Pulse itself, in order. */
  readonly outages: () => readonly Outage[]
  readonly newAlertId: (atMs: number) => string
}

/** What the handler of `rules.acknowledge` gets as the item's result. */
export type AcknowledgeResult = 'acknowledged' | 'not-open'

/** Arguments of the command `rules.acknowledge`. */
export interface AcknowledgeArgs {
  readonly alert: string
  /** Name of the person, as it is shown. */
  readonly by: string
  readonly actor: Actor
  readonly requestId: string | undefined
  readonly address: string | undefined
}
