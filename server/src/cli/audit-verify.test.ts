import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createAudit } from '#ops'
import {
  connect,
  type Database,
  type DatabaseAccess,
  inTenant,
  openEmbedded,
  record,
  silentLog,
  systemClock,
} from '#platform'
import { auditVerify } from './audit-verify.ts'

let home: string
let data: string
let database: DatabaseAccess | undefined
let app: Database
let exported: string

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the command in this process: quicker than starting one. */
async function verify(...args: readonly string[]): Promise<{ code: number; out: string }> {
  const lines: string[] = []
  const code = await auditVerify.run(args, (text) => lines.push(text))
  return { code, out: lines.join('\n') }
}

/** Runs the command line in a process of its own, as npm does. */
const pulse = (...args: readonly string[]): Promise<Ended> =>
  new Promise((done) => {
    const main = join(import.meta.dirname, 'main.ts')
    execFile(process.execPath, [main, ...args], (error, out, err) =>
      done({ code: error ? Number(error.code) : 0, out, err }),
    )
  })

const actor = { kind: 'person', id: 'pe_1' } as const

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'pulse-cli-'))
  await chmod(home, 0o711)
  data = join(home, 'data')
  vi.stubEnv('PULSE_DATA', data)
  vi.stubEnv('INIT_CWD', home)
  database = await openEmbedded(data, silentLog)
  app = connect(database.facts('pulse_app'), 'pulse_app', { max: 1, name: 'test' })
  await inTenant(app, 7, async (sql) => {
    await sql`insert into registry.tenant (id, key, name) values (7, 'acme', 'Acme')`
    for (const n of [1, 2, 3]) {
      const subject = `site:s-${n}`
      await record(sql, { actor, action: 'registry.site-registered', subject, after: { n } })
    }
  })
  const facts = database.facts('pulse_sealer')
  const audit = createAudit({ app, facts, clock: systemClock, log: silentLog })
  await audit.seal()
  exported = ''
  for await (const piece of audit.export({ tenant: 7, key: 'acme' }, { format: 'ndjson' })) {
    exported += piece
  }
  await audit.stop()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await app?.end()
  await database?.stop()
  await rm(home, { recursive: true, force: true })
})

/** Edits a row as a superuser who switches the triggers off. */
async function edit(): Promise<void> {
  const { host, port } = (database as DatabaseAccess).facts('pulse_owner')
  const password = (await readFile(join(data, 'postgres/postgres.password'), 'utf8')).trim()
  const sql = postgres({ host, port, username: 'postgres', password, database: 'pulse', max: 1 })
  await sql.begin(async (each) => {
    await each`set local session_replication_role = replica`
    await each`update platform.audit set actor = 'pe_2' where subject = 'site:s-2'`
  })
  await sql.end()
}

describe('pulse audit verify', () => {
  let head: string

  test('proves every log while Pulse runs, and tells each head', async () => {
    const { code, out } = await pulse('audit', 'verify')
    expect(out).toMatch(/^the platform: proven\. 0 sealed rows/)
    expect(out).toMatch(/^acme: proven\. 3 sealed rows checked .* 0 wait for their seal\.$/m)
    head = /head (\S+@3)/.exec(out)?.[1] ?? ''
    expect(code).toBe(0)
  })

  test('of one tenant finds the head that was kept', async () => {
    const { code, out } = await verify('--tenant', 'acme', '--expect', head)
    expect(out).not.toContain('platform')
    expect(code).toBe(0)
    const other = await verify('--tenant', 'acme', '--expect', head.replace('@3', '@4'))
    expect(other.out).toContain('anchor')
    expect(other.code).toBe(1)
  })

  test.for([
    [['--tenant', 'nowhere'], 'There is no tenant nowhere'],
    [['--expect', 'abc'], 'use <hash>@<position>'],
    [['--data', '/nonexistent/pulse'], 'There is no Pulse in /nonexistent/pulse'],
    [['--nonsense'], 'nonsense'],
    [['--file', 'absent.ndjson'], 'absent.ndjson'],
  ] as const)('that cannot look (%s) says why', async ([args, why]) => {
    await expect(verify(...args)).rejects.toThrow(why)
  })

  test('proves an export without the database', async () => {
    await writeFile(join(home, 'whole.ndjson'), exported)
    const { code, out } = await verify('--file', 'whole.ndjson', '--expect', head)
    expect(out).toMatch(/proven\. 3 sealed rows/)
    expect(code).toBe(0)
  })

  test('names what was edited in an export', async () => {
    await writeFile(join(home, 'edited.ndjson'), exported.replace('"n":2', '"n":3'))
    const { code, out } = await verify('--file', 'edited.ndjson')
    expect(out).toMatch(/edited +Row \d+ .* is not what was sealed at 2/)
    expect(code).toBe(1)
  })

  test('does not take an export that was cut off', async () => {
    const lines = exported.trimEnd().split('\n')
    await writeFile(join(home, 'cut.ndjson'), `${lines.slice(0, -1).join('\n')}\n`)
    const { code, err } = await pulse('audit', 'verify', '--file', 'cut.ndjson')
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('cut off') })
  })

  test('names a row that was edited in the database, in words and as JSON', async () => {
    await edit()
    const { code, out } = await verify()
    expect(out).toMatch(/acme: BROKEN[\s\S]*edited +Row \d+ .* is not what was sealed at 2/)
    expect(code).toBe(1)
    const json = await verify('--json')
    expect(JSON.parse(json.out)).toMatchObject({
      'the platform': { proven: true },
      acme: { proven: false, faults: [{ kind: 'edited', position: 2 }] },
    })
  })

  test('looks into a Pulse that does not run, and leaves it so', async () => {
    await app.end()
    await database?.stop()
    database = undefined
    const { code, out } = await pulse('audit', 'verify')
    expect(out).toContain('acme: BROKEN')
    expect(code).toBe(1)
    await expect(readFile(join(data, 'postgres/data/postmaster.pid'))).rejects.toThrow('ENOENT')
  })
})

describe('pulse', () => {
  test('lists its commands, and helps with each', async () => {
    expect(await pulse()).toMatchObject({ code: 0, out: expect.stringContaining('audit verify') })
    expect(await pulse('audit', 'verify', '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--expect <hash>@<position>'),
    })
  })

  test('refuses a command that it does not have', async () => {
    const { code, err } = await pulse('audit', 'forge')
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining('There is no command "audit forge"'),
    })
  })
})
