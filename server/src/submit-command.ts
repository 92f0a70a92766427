import type { CommandItem, Pipeline } from '#connect'
import { type Clock, PulseError } from '#platform'
import type { Directory } from '#registry'

/** Sends a person's act through the log, and gives its result once it is durable. */
export function submitter(pipeline: Pipeline, directory: Directory, clock: Clock) {
  return async (command: {
    deviceId: number
    name: string
    args: CommandItem['args']
  }): Promise<unknown> => {
    const device = (await directory.devices([command.deviceId])).get(command.deviceId)
    if (!device) throw new PulseError('registry.unknown-device')
    return new Promise((resolve, reject) => {
      const item: CommandItem = {
        kind: 'command',
        device,
        at: clock.now(),
        name: command.name,
        args: command.args,
        result: undefined,
        receivedAt: 0,
        settle: (outcome) => {
          if (outcome.kind === 'stored') resolve(item.result)
          else reject(new PulseError('platform.unavailable', { retryAfterS: 2 }))
        },
      }
      pipeline.submit(item)
    })
  }
}
