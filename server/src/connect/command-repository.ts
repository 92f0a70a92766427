import type { Command } from '@pulse/contract'
import type { PipelineSql, TenantSql } from '#platform'
import type { Device } from '#registry'
import type { MessageItem } from './items.ts'

export async function insertCommand(
  sql: TenantSql,
  device: number,
  command: Command,
): Promise<void> {
  const payload = command.payload === null ? null : JSON.stringify(command.payload)
  await sql`
    insert into connect.command (id, device, device_key, name, payload, created_at, expires_at)
    values (${command.id}, ${device}, ${command.device}, ${command.name}, ${payload}::text::json,
            ${command.createdAt}, ${command.expiresAt})`
}

interface CommandRow
  extends Omit<Command, 'createdAt' | 'expiresAt' | 'sentAt' | 'acknowledgedAt' | 'answeredAt'> {
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly sentAt: Date | null
  readonly acknowledgedAt: Date | null
  readonly answeredAt: Date | null
}

/** The newest 100 commands of a device, newest first. */
export async function findCommands(sql: TenantSql, device: number): Promise<Command[]> {
  const rows = await sql<CommandRow[]>`
    select id, device_key as device, name, payload, state, created_at as "createdAt",
           expires_at as "expiresAt", sent_at as "sentAt", acknowledged_at as "acknowledgedAt",
           answered_at as "answeredAt", result
      from connect.command
     where device = ${device}
     order by id desc
     limit 100`
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    sentAt: row.sentAt?.toISOString() ?? null,
    acknowledgedAt: row.acknowledgedAt?.toISOString() ?? null,
    answeredAt: row.answeredAt?.toISOString() ?? null,
  }))
}

export interface Answer {
  readonly command: string
  /** JSON text. */
  readonly text: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly qos2: MessageItem['qos2']
}

/**
 * Stores the first answer to a command. Resolves to `answered`, to `before` when an answer stood
 * already, or to undefined when the device has no such command.
 */
export async function answerCommand(
  sql: PipelineSql,
  device: Device,
  { command, text, at, qos2 }: Answer,
): Promise<'answered' | 'before' | undefined> {
  const [row] = await sql<{ fresh: boolean }[]>`
    with known as (
      select id, state from connect.command
       where tenant = ${device.tenant.id} and id = ${command} and device = ${device.id}
         for update
    ), answered as (
      update connect.command c
         set state = 'answered', answered_at = ${new Date(at)}, result = ${text}::text::json
        from known
       where c.tenant = ${device.tenant.id} and c.id = known.id and known.state <> 'answered'
      returning c.id
    )
    select exists (select 1 from answered) as fresh from known`
  if (!row) return undefined
  if (qos2) {
    await sql`
      insert into connect.inbound (session, packet_id)
      values (${qos2.session}, ${qos2.packetId}) on conflict do nothing`
  }
  return row.fresh ? 'answered' : 'before'
}
