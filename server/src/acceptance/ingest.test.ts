import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envelope, eventually, type Harness, startPulse } from './harness.ts'

let pulse: Harness
let tokens: Record<string, string>
beforeAll(async () => {
  pulse = await startPulse()
  tokens = await pulse.enrol('p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7')
})
afterAll(() => pulse.close())

const token = (device: string): string => tokens[device] as string
const stored = (device: string) =>
  pulse.db.as('pulse_owner')<{ id: string; data: unknown; ts: Date }[]>`
    select m.id, m.data, m.ts from stream.message m join registry.device d on d.id = m.device
     where d.key = ${device} order by m.received_at`

describe('a device over MQTT', () => {
  test.for([4, 5] as const)(
    'is acknowledged when its message is stored, version %i',
    async (version) => {
      const client = await pulse.client('p1', token('p1'), { protocolVersion: version })
      await client.publishAsync('~/telemetry', envelope({ id: `v${version}` }), { qos: 1 })
      expect((await stored('p1')).map((row) => row.id)).toContain(`v${version}`)
    },
  )

  test('has a message stored once, however often it sends it', async () => {
    const client = await pulse.client('p2', token('p2'))
    const message = envelope({ id: 'once', ts: Date.now() })
    await Promise.all(
      Array.from({ length: 20 }, () => client.publishAsync('~/telemetry', message, { qos: 1 })),
    )
    await client.publishAsync('~/telemetry', envelope({ id: 'later', ts: Date.now() + 1000 }), {
      qos: 1,
    })
    await client.publishAsync('~/telemetry', message, { qos: 2 })
    expect((await stored('p2')).map((row) => row.id)).toEqual(['once', 'later'])
  })

  test('has an id without a time recognised, also after a restart', async () => {
    let client = await pulse.client('p3', token('p3'))
    await client.publishAsync('~/telemetry', envelope({ id: 'untimed' }), { qos: 1 })
    await client.publishAsync('~/telemetry', envelope({ id: 'untimed' }), { qos: 1 })
    pulse = await pulse.restart()
    client = await pulse.client('p3', token('p3'))
    await client.publishAsync('~/telemetry', envelope({ id: 'untimed' }), { qos: 1 })
    await client.publishAsync('~/telemetry', envelope({}), { qos: 1 })
    await client.publishAsync('~/telemetry', envelope({}), { qos: 1 })
    expect((await stored('p3')).filter((row) => row.id === 'untimed')).toHaveLength(1)
    expect(await stored('p3')).toHaveLength(3)
  })

  test('is told what is wrong by PUBACK and on its errors topic', async () => {
    const client = await pulse.client('p4', token('p4'))
    await client.subscribeAsync('~/errors')
    const told = new Promise<string>((resolve) =>
      client.once('message', (_topic, payload) => resolve(String(payload))),
    )
    const ahead = envelope({ id: 'ahead', ts: Date.now() + 6 * 3_600_000 })
    await expect(client.publishAsync('~/telemetry', ahead, { qos: 1 })).rejects.toMatchObject({
      code: 0x99,
    })
    expect(JSON.parse(await told)).toMatchObject({ code: 'connect.clock-ahead', id: 'ahead' })
    const [row] = await pulse.db.as(
      'pulse_owner',
    )`select * from connect.rejection where message_id = 'ahead'`
    expect(row).toMatchObject({ code: 'connect.clock-ahead', device: 'p4', source: 'mqtt' })
    expect(row?.['message']).toContain('which is 6 h ahead')
  })

  test('one poisoned row does not keep the rest of its batch from being stored', async () => {
    const owner = pulse.db.as('pulse_owner')
    await owner`alter table stream.message add constraint planted check (id <> 'poison')`
    const client = await pulse.client('p5', token('p5'))
    const at = Date.now()
    const ids = Array.from({ length: 400 }, (_, index) => (index === 200 ? 'poison' : `m${index}`))
    const results = await Promise.allSettled(
      ids.map((id, index) =>
        client.publishAsync('~/telemetry', envelope({ id, ts: at + index }), { qos: 1 }),
      ),
    )
    expect(
      results.flatMap((result, index) => (result.status === 'rejected' ? [ids[index]] : [])),
    ).toEqual(['poison'])
    expect(await stored('p5')).toHaveLength(399)
    await owner`alter table stream.message drop constraint planted`
  })

  test('keeps everything through the loss of the lanes’ connections', async () => {
    const client = await pulse.client('p6', token('p6'))
    const at = Date.now()
    const cut = async () => {
      await pulse.db.as('pulse_pipeline')`
        select pg_terminate_backend(pid) from pg_stat_activity
         where application_name like 'pulse lane%' and datname = current_database()`
    }
    const sent: Promise<unknown>[] = []
    for (let index = 0; index < 3000; index++) {
      sent.push(
        client.publishAsync('~/telemetry', envelope({ id: `k${index}`, ts: at + index }), {
          qos: 1,
        }),
      )
      if (index % 1000 === 500) {
        await cut()
        await new Promise(setImmediate)
      }
    }
    await Promise.all(sent)
    const rows = await stored('p6')
    expect(rows).toHaveLength(3000)
    expect(new Set(rows.map((row) => row.id)).size).toBe(3000)
  })

  test('is given its messages back, unacknowledged, while the database is away for long', async () => {
    const { away } = await pulse.enrol('away')
    const client = await pulse.client('away', away as string)
    const root = pulse.db.superuser()
    const cut = () => root`
      select pg_terminate_backend(pid) from pg_stat_activity
       where usename = 'pulse_pipeline' and datname = current_database()`
    await client.publishAsync('~/telemetry', envelope({ id: 'before' }), { qos: 1 })
    await root`alter role pulse_pipeline connection limit 0`
    await cut()
    const at = Date.now()
    const published = client.publishAsync('~/telemetry', envelope({ id: 'during', ts: at }), {
      qos: 1,
    })
    const answer = await pulse.ingest(away as string, envelope({ id: 'by-http', ts: at + 1 }))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
    await root`alter role pulse_pipeline connection limit -1`
    await published
    await eventually(
      async () =>
        (await pulse.ingest(away as string, envelope({ id: 'by-http', ts: at + 1 }))).status ===
        200,
    )
    expect((await stored('away')).map((row) => row.id).sort()).toEqual([
      'before',
      'by-http',
      'during',
    ])
  })
})

describe('a device over HTTP', () => {
  test('gets a result per item, and everything good is stored', async () => {
    const body = `[${envelope({ id: 'h1' })},${envelope({ id: 'h2', v: 2 })},${envelope({ id: 'h3' })}]`
    const answer = await pulse.ingest(token('p7'), body)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      accepted: 2,
      refused: 1,
      results: [
        { ok: true },
        { ok: false, code: 'connect.unsupported-version', id: 'h2' },
        { ok: true },
      ],
    })
    expect((await stored('p7')).map((row) => row.id).sort()).toEqual(['h1', 'h3'])
  })

  test('may send NDJSON, compressed', async () => {
    const lines = [envelope({ id: 'n1' }), '', envelope({ id: 'n2' })].join('\n')
    const answer = await pulse.ingest(token('p7'), gzipSync(lines), {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
    })
    expect(await answer.json()).toMatchObject({ accepted: 2, refused: 0 })
  })

  test.for<
    [
      what: string,
      body: () => string | Buffer,
      headers: Record<string, string>,
      status: number,
      code: string,
    ]
  >([
    ['JSON that breaks off', () => '{"v":1', {}, 400, 'connect.malformed'],
    [
      'bytes that are not UTF-8',
      () => Buffer.from([0x22, 0xc0, 0x80, 0x22]),
      {},
      400,
      'connect.malformed',
    ],
    ['another version', () => envelope({ v: 7 }), {}, 400, 'connect.unsupported-version'],
    ['a schema error', () => envelope({ seq: -1 }), {}, 400, 'connect.schema'],
    [
      '128 KiB and a byte',
      () => envelope({ pad: 'x'.repeat(131_073 - envelope({ pad: '' }).length) }),
      {},
      413,
      'connect.too-large',
    ],
    [
      'a time from the future',
      () => envelope({ ts: Date.now() + 700_000 }),
      {},
      400,
      'connect.clock-ahead',
    ],
    ['a time from 1970', () => envelope({ ts: 1000 }), {}, 400, 'connect.too-old'],
    [
      'a device that it may not speak for',
      () => envelope({ device: 'p1' }),
      {},
      403,
      'connect.topic',
    ],
    [
      'a compression bomb',
      () => gzipSync(Buffer.alloc(20_000_000)),
      { 'content-encoding': 'gzip' },
      413,
      'connect.too-large',
    ],
    ['broken gzip', () => 'nonsense', { 'content-encoding': 'gzip' }, 400, 'connect.malformed'],
    ['an unknown encoding', () => '{}', { 'content-encoding': 'br' }, 415, 'platform.media-type'],
    ['XML', () => '<a/>', { 'content-type': 'application/xml' }, 415, 'platform.media-type'],
  ])('is told of %s', async ([, body, headers, status, code]) => {
    const answer = await pulse.ingest(token('p7'), body(), headers)
    const problem = (await answer.json()) as { code: string; remedy: string }
    expect([answer.status, problem.code]).toEqual([status, code])
    expect(problem.remedy).not.toBe('')
  })

  test('exactly 128 KiB is taken', async () => {
    const pad = 131_072 - envelope({ id: 'big', pad: '' }).length
    const answer = await pulse.ingest(token('p7'), envelope({ id: 'big', pad: 'x'.repeat(pad) }))
    expect(answer.status).toBe(200)
  })

  test('is refused with a wrong, a missing and a revoked token', async () => {
    expect((await pulse.ingest('pulse_d_x_y', envelope({}))).status).toBe(401)
    expect((await fetch(`${pulse.http}/v1/ingest`, { method: 'POST', body: '{}' })).status).toBe(
      401,
    )
    const fresh = await pulse.enrol('gone')
    const act = { tenant: pulse.tenant, actor: { kind: 'system', id: 'test' } as const }
    const [kept] = await pulse.app.registry.devices.tokens(pulse.tenant, 'gone')
    await pulse.app.registry.devices.revokeToken(act, 'gone', kept?.id ?? '')
    const answer = await pulse.ingest(fresh['gone'] as string, envelope({}))
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      401,
      'connect.revoked',
    ])
  })

  test('is slowed with 429 over its rate, and what it sends again is stored once', async () => {
    const slow = await startPulse({ config: { deviceRate: 5 } })
    const { s1 } = await slow.enrol('s1')
    const message = (index: number) => envelope({ id: `r${index}`, ts: 1_795_000_000_000 + index })
    const at = Date.now()
    const send = (index: number) =>
      slow.ingest(s1 as string, envelope({ id: `r${index}`, ts: at + index }))
    expect(message(0)).toContain('r0')
    const first = await Promise.all(Array.from({ length: 80 }, (_, index) => send(index)))
    const refused = first.filter((answer) => answer.status === 429)
    expect(refused.length).toBeGreaterThan(20)
    expect(refused[0]?.headers.get('retry-after')).toMatch(/^\d+$/)
    await eventually(async () => (await send(79)).status === 200)
    const [row] = await slow.db.as(
      'pulse_owner',
    )`select count(*)::int as n from stream.message where id = 'r79'`
    expect(row?.['n']).toBe(1)
    await slow.close()
  })
})

describe('presence and heads', () => {
  test('heads are rebuilt from the messages when nothing of them was written', async () => {
    const { app } = pulse
    const { id } = (await app.registry.directory.device('acme', 'p6')) as { id: number }
    const bearer = await pulse.signIn()
    const read = async (from: Harness) => {
      const answer = await fetch(`${from.http}/v1/devices/p6`, {
        headers: { authorization: `Bearer ${bearer}` },
      })
      const { metrics, counters, newestAt, lastMessageAt } = (await answer.json()) as Record<
        string,
        never
      >
      return { metrics, counters, newestAt, lastMessageAt }
    }
    const before = await read(pulse)
    const owner = pulse.db.as('pulse_owner')
    pulse = await pulse.restart(async () => {
      await owner`delete from state.head`
      await owner`delete from state.flush`
    })
    expect(id).toBeGreaterThan(0)
    expect(await read(pulse)).toEqual(before)
  })
})
