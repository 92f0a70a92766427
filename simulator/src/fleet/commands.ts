import type { MqttClient } from 'mqtt'

/** A device's answer to a command. */
interface Answer {
  readonly ok: boolean
  readonly at: string
  readonly [detail: string]: unknown
}

const COMMAND_TOPIC = /(?:^|\/)commands\/([^/]+)$/

/** The id of the command that comes on this topic; undefined for any other topic. */
export const commandIdOf = (topic: string): string | undefined => COMMAND_TOPIC.exec(topic)?.[1]

/** Says yes to every command that can be read, and repeats what was asked. */
export function answerCommand(payload: string, nowMs: number): Answer {
  const at = new Date(nowMs).toISOString()
  try {
    const asked = JSON.parse(payload) as { name?: unknown; payload?: unknown } | null
    return { ok: true, at, name: asked?.name ?? null, received: asked?.payload ?? null }
  } catch {
    return { ok: false, at, error: 'the command is not JSON' }
  }
}

/** Subscribes to a device's commands and to news of its refused messages. */
export async function subscribeDown(client: MqttClient): Promise<void> {
  await client.subscribeAsync(['~/commands/+', '~/errors'], { qos: 1 })
}
