import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { inTenant, record, recordForPlatform, silentLog, systemClock } from '#platform'
import { type TestDatabase, testDatabase } from '#testing'
import { createSealer, type Sealer } from './audit-sealer.ts'
import { verifyTenant } from './audit-verify.ts'

let db: TestDatabase
let sealer: Sealer
beforeAll(async () => {
  db = await testDatabase()
  sealer = createSealer({ facts: db.facts('pulse_sealer'), clock: systemClock, log: silentLog })
})
afterAll(async () => {
  await sealer?.stop()
  await db.drop()
})

const actor = { kind: 'person', id: 'pe_1', name: 'Ann' } as const
const write = (tenant: number, subject: string) =>
  inTenant(db.as('pulse_app'), tenant, (sql) =>
    record(sql, {
      actor,
      action: 'registry.site-registered',
      subject,
      before: { limits: [1, 2.5], name: 'Old' },
      after: { limits: [1, 3], name: 'New' },
    }),
  )
const verify = (tenant = 7) => verifyTenant({ db: db.as('pulse_app'), clock: systemClock }, tenant)
const faults = async (tenant = 7) =>
  (await verify(tenant)).faults.map(({ kind, position, text }) => [kind, position, text])

const places = async (tenant = 7) =>
  (await faults(tenant)).map(([kind, position]) => [kind, position])

/** Does what no role may: as a superuser, with the triggers of the log switched off. */
const plant = (...statements: string[]) =>
  db.superuser().begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    for (const statement of statements) await sql.unsafe(statement)
  })
/** The id of the row that was sealed at a position. */
const at = (position: number) =>
  `(select audit from ops.seal where tenant = 7 and position = ${position})`

beforeEach(async () => {
  await db.forgetAudit()
  for (const n of [1, 2, 3, 4, 5, 6]) {
    await write(7, `site:s-${n}`)
    await write(8, `site:s-${n}`)
  }
  await sealer.seal()
})

describe('a log that was tampered with', () => {
  test('is proven before', async () => {
    expect(await verify()).toMatchObject({
      proven: true,
      checked: 6,
      head: { position: 6, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      unsealed: { rows: 0, oldestAgeS: null },
      faults: [],
      moreFaults: 0,
    })
  })

  test.for([
    `actor = 'pe_2'`,
    `actor_name = 'Eve'`,
    `action = 'registry.site-renamed'`,
    `subject = 'site:s-9'`,
    `at = at + interval '1 microsecond'`,
    `after = after || '{"name": "Newer"}'`,
    `before = null`,
    `address = '192.0.2.9'`,
    `request_id = 'rq_9'`,
  ])('by an edit (%s) is broken, and the row is named', async (edit) => {
    await plant(`update platform.audit set ${edit} where id = ${at(3)}`)
    expect(await faults()).toEqual([
      [
        'edited',
        3,
        expect.stringMatching(/^Row \d+ \(registry\.site-.*is not what was sealed at 3/),
      ],
    ])
  })

  test('by a number that only looks the same is broken', async () => {
    await plant(
      `update platform.audit set after = '{"name": "New", "limits": [1.0, 3]}' where id = ${at(3)}`,
    )
    expect(await places()).toEqual([['edited', 3]])
  })

  test('is not broken by another order of names, which jsonb does not keep', async () => {
    await plant(`update platform.audit set after = '{"name": "New", "limits": [1, 3]}'`)
    expect(await faults()).toEqual([])
  })

  test('by a removal is broken, and the row is named', async () => {
    await plant(`delete from platform.audit where id = ${at(4)}`)
    expect(await faults()).toEqual([['missing', 4, expect.stringMatching(/sealed at 4 .*is gone/)]])
  })

  test('by a removal of row and seal is broken, and the gap is named', async () => {
    await plant(
      `delete from platform.audit where id = ${at(4)}`,
      'delete from ops.seal where tenant = 7 and position = 4',
    )
    expect(await faults()).toEqual([['missing', 4, 'Seal 4 is gone.']])
  })

  test('by rows that changed places is broken, and both are named', async () => {
    await plant(`
      update platform.audit a set at = b.at, subject = b.subject from platform.audit b
       where a.id in (${at(2)}, ${at(5)}) and b.id in (${at(2)}, ${at(5)}) and a.id <> b.id`)
    expect(await faults()).toEqual([
      ['reordered', 2, expect.stringContaining('stands at 2; it was sealed at 5')],
      ['reordered', 5, expect.stringContaining('stands at 5; it was sealed at 2')],
    ])
  })

  test('by seals that were pointed at each other’s rows is broken, and both are named', async () => {
    await plant(
      `update ops.seal set audit = -audit where tenant = 7 and position in (2, 5)`,
      `update ops.seal s set audit = -o.audit from ops.seal o
        where s.tenant = 7 and o.tenant = 7 and s.position + o.position = 7 and s.position in (2, 5)`,
    )
    expect(await places()).toEqual([
      ['seal', 2],
      ['reordered', 2],
      ['seal', 5],
      ['reordered', 5],
    ])
  })

  test('by a row put between is broken, and the row is named', async () => {
    await plant(`
      insert into platform.audit (tenant, at, actor_kind, actor, action, subject)
      select tenant, at, 'person', 'pe_9', 'registry.forged', 'site:s-9' from platform.audit where id = ${at(3)}`)
    expect(await faults()).toEqual([
      ['inserted', null, expect.stringMatching(/registry\.forged.*has no seal and does not wait/)],
    ])
  })

  test('by a row that was moved from another tenant is broken in both', async () => {
    await plant(`update platform.audit set tenant = 8 where id = ${at(3)}`)
    expect(await places(7)).toEqual([['missing', 3]])
    expect(await places(8)).toEqual([['inserted', null]])
  })

  test('by an edit of a seal is broken, and the seal is named', async () => {
    await plant(
      `update ops.seal set sealed_at = sealed_at - interval '1 day' where tenant = 7 and position = 5`,
    )
    expect(await faults()).toEqual([['seal', 5, expect.stringContaining('Seal 5 was edited')]])
  })

  test('by an edit of a row and the digest of its seal is broken', async () => {
    await plant(
      `update platform.audit set actor = 'pe_2' where id = ${at(5)}`,
      `update ops.seal set digest = sha256('forged') where tenant = 7 and position = 5`,
    )
    expect(await places()).toEqual([
      ['seal', 5],
      ['edited', 5],
    ])
  })

  test('by a cut at its end is broken for who kept its head', async () => {
    const { head } = await verify()
    await plant(
      `delete from platform.audit where id in (${at(5)}, ${at(6)})`,
      'delete from ops.seal where tenant = 7 and position > 4',
    )
    expect(await verify()).toMatchObject({ proven: true, head: { position: 4 } })
    const expecting = await verifyTenant({ db: db.as('pulse_app'), clock: systemClock }, 7, {
      expect: head ?? undefined,
    })
    expect(expecting).toMatchObject({ proven: false, faults: [{ kind: 'anchor', position: 6 }] })
  })

  test('by the removal of a row that waits is broken', async () => {
    await write(7, 'site:s-7')
    await plant(`delete from platform.audit where subject = 'site:s-7'`)
    expect(await faults()).toEqual([
      ['missing', null, expect.stringContaining('waited for its seal')],
    ])
  })

  test('does not touch the proof of another tenant', async () => {
    await plant(`delete from platform.audit where tenant = 7`)
    expect(await verify(8)).toMatchObject({ proven: true, checked: 6 })
  })
})

describe('the tail', () => {
  test('is told by its length and the age of its oldest row, and is no fault', async () => {
    await write(7, 'site:s-7')
    await write(7, 'site:s-8')
    const { proven, checked, unsealed } = await verify()
    expect({ proven, checked, rows: unsealed.rows }).toEqual({ proven: true, checked: 6, rows: 2 })
    expect(unsealed.oldestAgeS).toBeGreaterThanOrEqual(0)
    expect(unsealed.oldestAgeS).toBeLessThan(60)
  })
})

test('the log of the platform is verified by the sealer’s role', async () => {
  await db
    .as('pulse_app')
    .begin((sql) =>
      recordForPlatform(sql, { actor, action: 'registry.tenant-created', subject: 'tenant:x' }),
    )
  await sealer.seal()
  const found = await verifyTenant({ db: db.as('pulse_sealer'), clock: systemClock }, 0)
  expect(found).toMatchObject({ proven: true, checked: 1 })
  expect(await verify(0)).toMatchObject({ checked: 0 })
})
