/** What one gateway grants to those who connect. All of it is told in CONNACK where MQTT has a word for it. */
export interface GatewayLimits {
  /** From the first byte of a connection to a complete CONNECT. */
  readonly connectTimeoutMs: number
  /** Connections of one address that have been silent for over a second without a CONNECT. */
  readonly silentPerAddress: number
  /** Connections of one address that have not signed in, however new. */
  readonly unauthenticatedPerAddress: number
  /** Largest packet before sign-in, and after. */
  readonly connectBytes: number
  readonly packetBytes: number
  /** QoS 1 and 2 messages of one client that may await their acknowledgement. */
  readonly receiveMaximum: number
  readonly topicAliases: number
  /** Longest keep-alive; MQTT 5 clients that ask for more, or for none, are told this one. */
  readonly keepAliveMaxS: number
  readonly sessionExpiryMaxS: number
  readonly subscriptions: number
  /** A client that takes nothing for this long is cut off. */
  readonly blockedMs: number
  /** Longest time that a sender is slowed before it is sent away. */
  readonly slowMs: number
  /** Messages on `errors`, per device. */
  readonly errorsPerSecond: number
}

export const defaultLimits: GatewayLimits = {
  connectTimeoutMs: 10_000,
  silentPerAddress: 64,
  unauthenticatedPerAddress: 4096,
  connectBytes: 16 * 1024,
  packetBytes: 256 * 1024,
  receiveMaximum: 1000,
  topicAliases: 16,
  keepAliveMaxS: 3600,
  sessionExpiryMaxS: 7 * 86_400,
  subscriptions: 64,
  blockedMs: 30_000,
  slowMs: 2000,
  errorsPerSecond: 10,
}
