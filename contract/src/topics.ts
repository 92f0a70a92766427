/** Topics of MQTT: `pulse/v1/{tenant}/{device}/{channel}`, or `~/{channel}` for the device itself. */
export const TOPIC_ROOT = 'pulse/v1'

/** Up channels that carry envelopes; over MQTT the channel is the envelope's type. */
export const upChannels = ['telemetry', 'event', 'status'] as const

export const topicOf = (tenant: string, device: string, channel: string): string =>
  `${TOPIC_ROOT}/${tenant}/${device}/${channel}`

/** Where a command goes down, and where its result comes up. */
export const commandChannel = (id: string): string => `commands/${id}`
export const commandResultChannel = (id: string): string => `commands/${id}/result`
/** Where a device hears of messages that were refused. */
export const ERRORS_CHANNEL = 'errors'
