import type { AddressInfo } from 'node:net'
import type { Config } from '#platform'

/** Where a started system listens. */
export interface Listening {
  readonly http: number
  readonly mqtt: number
  readonly mqtts: number | undefined
}

export const portOf = (address: string | AddressInfo | undefined): number | undefined =>
  typeof address === 'object' ? address.port : undefined

/** Where devices send to, as Connect a device shows it. */
export function endpointsOf(config: Config, listening: Listening) {
  const { host } = config
  return {
    mqtt: { host, port: listening.mqtt },
    mqtts: listening.mqtts === undefined ? null : { host, port: listening.mqtts },
    websocketUrl: `ws://${host}:${listening.http}/mqtt`,
    ingestUrl: `http://${host}:${listening.http}/v1/ingest`,
  }
}
