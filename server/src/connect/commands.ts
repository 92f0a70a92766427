import { isUtf8 } from 'node:buffer'
import {
  type Command,
  commandChannel,
  type DeviceKey,
  type newCommand,
  refusalOf,
} from '@pulse/contract'
import type { z } from 'zod'
import {
  type Actor,
  asPipeline,
  type Clock,
  type Database,
  emit,
  inTenant,
  newId,
  PulseError,
  record,
} from '#platform'
import type { Device, Directory } from '#registry'
import { type Answer, answerCommand, findCommands, insertCommand } from './command-repository.ts'
import type { Downlink } from './downlink.ts'
import type { PublishOutcome } from './ingress.ts'
import type { AnswerCommand } from './mqtt/core.ts'

export interface CommandsDeps {
  /** A pool of `pulse_app`. */
  readonly app: Database
  /** A pool of `pulse_pipeline`. */
  readonly db: Database
  readonly directory: Directory
  readonly downlink: Downlink
  readonly clock: Clock
}

/** Who sends a command, to which device of which tenant. */
export interface CommandContext {
  readonly tenantKey: string
  readonly deviceKey: string
  readonly actor: Actor
  readonly requestId: string
  readonly address: string
}

/** Commands: sent to a device, kept until it answers or their time is over. */
export interface Commands {
  /**
   * Queues a command; it goes down as soon as the device is there.
   * @throws `registry.unknown-device`
   */
  send(context: CommandContext, wish: z.output<typeof newCommand>): Promise<Command>
  /** The newest 100 commands of a device, newest first. @throws `registry.unknown-device` */
  list(tenantKey: string, deviceKey: string): Promise<Command[]>
  /** Stores what a device answered; the first answer stands. */
  answer: AnswerCommand
}

/** Largest result of a command. */
const RESULT_BYTES = 16 * 1024

export function createCommands({ app, db, directory, downlink, clock }: CommandsDeps): Commands {
  async function deviceOf(tenantKey: string, deviceKey: string): Promise<Device> {
    const device = await directory.device(tenantKey, deviceKey)
    if (!device) throw new PulseError('registry.unknown-device')
    return device
  }

  return {
    async send(context, wish) {
      const device = await deviceOf(context.tenantKey, context.deviceKey)
      const command = draft(device, wish, clock.now())
      await inTenant(app, device.tenant.id, async (sql) => {
        await insertCommand(sql, device.id, command)
        await downlink.queue(sql, {
          device,
          channel: commandChannel(command.id),
          payload: wirePayload(command),
          qos: 1,
          expiresAt: Date.parse(command.expiresAt),
          command: command.id,
        })
        const { actor, requestId, address } = context
        await record(sql, {
          actor,
          action: 'connect.command-sent',
          subject: `device:${device.key}`,
          after: { command: command.id, name: command.name, payload: command.payload },
          requestId,
          address,
        })
        await emit(sql, [changed(device, command.id, 'queued')], clock.now())
      })
      downlink.wake(device)
      return command
    },

    async list(tenantKey, deviceKey) {
      const device = await deviceOf(tenantKey, deviceKey)
      return inTenant(app, device.tenant.id, (sql) => findCommands(sql, device.id))
    },

    answer: (device, command, payload, qos2) =>
      storeAnswer(db, device, {
        command,
        text: Buffer.from(payload).toString(),
        at: clock.now(),
        qos2,
        fault: resultFault(payload),
      }),
  }
}

/** Stores an answer, or says why it is refused for good. */
async function storeAnswer(
  db: Database,
  device: Device,
  answer: Answer & { readonly fault: ResultFault | undefined },
): Promise<PublishOutcome> {
  const { fault, command, at } = answer
  if (fault) return refused(fault.code, fault.detail)
  try {
    const known = await db.begin(async (transaction) => {
      const sql = asPipeline(transaction as unknown as Database)
      const state = await answerCommand(sql, device, answer)
      if (state === 'answered') await emit(sql, [changed(device, command, state)], at)
      return state !== undefined
    })
    if (known) return { kind: 'stored' }
    return refused('connect.command-result', `There is no command ${command}.`)
  } catch (error) {
    if (!cannotBeStored(error)) throw error
    return refused('connect.malformed', `The result cannot be stored: ${(error as Error).message}.`)
  }
}

/** Data exceptions, and JSON that nests deeper than PostgreSQL reads (54001). */
const cannotBeStored = (error: unknown): boolean =>
  /^(22...|54001)$/.test(String((error as { code?: unknown }).code))

function draft(device: Device, wish: z.output<typeof newCommand>, now: number): Command {
  return {
    id: newId('cm', now),
    device: device.key as DeviceKey,
    name: wish.name,
    payload: wish.payload ?? null,
    state: 'queued',
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + wish.ttlS * 1000).toISOString(),
    sentAt: null,
    acknowledgedAt: null,
    answeredAt: null,
    result: null,
  }
}

const wirePayload = ({ id, name, payload, expiresAt }: Command): Buffer =>
  Buffer.from(JSON.stringify({ id, name, payload, expiresAt }))

const changed = (device: Device, command: string, state: string) => ({
  type: 'connect.command-changed' as const,
  tenant: device.tenant.id,
  subject: `command:${command}`,
  data: { device: device.key as DeviceKey, command, state },
})

type ResultCode = 'connect.too-large' | 'connect.malformed' | 'connect.command-result'

interface ResultFault {
  readonly code: ResultCode
  readonly detail: string
}

function resultFault(payload: Uint8Array): ResultFault | undefined {
  if (payload.length > RESULT_BYTES) {
    return { code: 'connect.too-large', detail: `A result may have ${RESULT_BYTES} bytes.` }
  }
  if (!isUtf8(payload)) return { code: 'connect.malformed', detail: 'The result is not UTF-8.' }
  try {
    JSON.parse(Buffer.from(payload).toString())
  } catch (error) {
    return {
      code: 'connect.malformed',
      detail: `The result is not JSON: ${(error as Error).message}`,
    }
  }
  return undefined
}

const refused = (code: ResultCode, detail: string): PublishOutcome => ({
  kind: 'refused',
  total: 1,
  items: [{ index: 0, code, detail: detail || refusalOf(code).text, id: undefined }],
})
