import { z } from 'zod'

/** Key of a device: immutable, unique in its tenant, used in topics and URLs. */
export const deviceKey = z
  .string()
  .regex(/^[A-Za-z0-9_:-]{1,128}$/, 'use 1 to 128 of A-Za-z0-9_:-')
  .brand<'DeviceKey'>()
export type DeviceKey = z.infer<typeof deviceKey>

/** Key of a tenant, site, device type, rule or destination: a slug. */
export const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use 1 to 63 of a-z0-9-, not beginning with -')

/** A prefixed UUIDv7, such as `al_01939d3e-…`. */
export const prefixedId = (prefix: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`))

export const alertId = prefixedId('al')
export const deliveryId = prefixedId('dl')
export const commandId = prefixedId('cm')
export const tokenId = z.string().regex(/^[0-9a-z]{8,32}$/)

/** An instant on the wire: RFC 3339, UTC, milliseconds. */
export const instant = z.iso.datetime({ offset: true })

/** `message.id` of Envelope v1. */
export const MESSAGE_ID = /^[A-Za-z0-9_.:-]{1,64}$/
/** Name of a metric. */
export const METRIC_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/
