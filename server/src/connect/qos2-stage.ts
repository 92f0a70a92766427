import type { Batch } from './items.ts'
import type { Stage } from './stage.ts'

/** Remembers (session, packet id) of QoS 2 messages in the transaction that stores them. */
export const qos2Stage: Stage<string | undefined> = {
  name: 'connect',
  plan(batch: Batch) {
    const rows: string[] = []
    for (const item of batch.items) {
      if (item.kind !== 'message' || !item.qos2) continue
      rows.push(`{"session":${item.qos2.session},"packet_id":${item.qos2.packetId}}`)
    }
    return rows.length > 0 ? `[${rows.join(',')}]` : undefined
  },
  write(sql, rows) {
    if (rows === undefined) return []
    return [
      sql`
        insert into connect.inbound (session, packet_id)
        select session, packet_id
          from json_to_recordset(${rows}::text::json) as r(session bigint, packet_id int)
        on conflict do nothing`.execute(),
    ]
  },
  apply() {},
}
