import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { chmod, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Postgres, startPostgres } from './index.ts'

const isRoot = process.getuid?.() === 0

let template: string
let home: string
let folder: string
let lines: string[]
let running: Postgres[]
let children: ChildProcess[]

// One cluster is made, and each test gets a copy: initdb is the slow part.
beforeAll(async () => {
  template = await mkdtemp(join(tmpdir(), 'pulse-pg-template-'))
  await chmod(template, 0o711)
  const server = await startPostgres({ folder: join(template, 'postgres'), log: () => {} })
  await server.stop()
})

afterAll(() => rm(template, { recursive: true, force: true }))

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pulse-pg-'))
  // Another user than root must pass to the data.
  await chmod(home, 0o711)
  folder = join(home, 'postgres')
  execFileSync('cp', ['-a', join(template, 'postgres'), home])
  lines = []
  running = []
  children = []
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const server of running) await server.stop('immediate')
  const data = join(folder, 'data')
  const link = await readlink(data).catch(() => undefined)
  if (link) await rm(dirname(link), { recursive: true, force: true })
  await rm(home, { recursive: true, force: true })
})

async function begin(settings: Record<string, string> = {}): Promise<Postgres> {
  const server = await startPostgres({ folder, settings, log: (line) => lines.push(line) })
  running.push(server)
  return server
}

async function ask(server: Postgres, query: string): Promise<unknown> {
  const sql = postgres({ ...server.connection, max: 1, onnotice: () => {} })
  try {
    const [row] = await sql.unsafe(query)
    return row && Object.values(row)[0]
  } finally {
    await sql.end()
  }
}

const MAKE_MARK = 'create table mark as select 7 as value'
const READ_MARK = 'select value from mark'

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10)
}

async function emptyFolder(): Promise<void> {
  await rm(folder, { recursive: true })
}

/** Another Pulse, in a process that is then killed without a word. */
async function startAndKill(): Promise<void> {
  const index = pathToFileURL(join(import.meta.dirname, 'index.ts')).href
  const code = `const { startPostgres } = await import(${JSON.stringify(index)})
    await startPostgres({ folder: ${JSON.stringify(folder)}, log: () => {} })
    console.log('up'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
}

describe('a start', () => {
  it('makes a UTF-8 cluster with checksums, durable commits and no TCP listener', async () => {
    await emptyFolder()
    const server = await begin()
    expect(
      await ask(
        server,
        `select concat_ws(' ', datlocprovider, pg_encoding_to_char(encoding),
      current_setting('data_checksums'), current_setting('synchronous_commit'),
      current_setting('shared_buffers'), current_setting('listen_addresses'))
      from pg_database where datname = 'postgres'`,
      ),
    ).toBe('b UTF8 on on 256MB ')
  })

  it('keeps the password to its own user and asks for it', async () => {
    const server = await begin()
    expect((await stat(join(folder, 'postgres.password'))).mode & 0o777).toBe(0o600)
    const connection = { ...server.connection, password: 'wrong' }
    await expect(ask({ ...server, connection }, 'select 1')).rejects.toThrow(/password/)
  })

  it('keeps the data of the one before', async () => {
    const first = await begin()
    await ask(first, MAKE_MARK)
    await first.stop()
    expect(await ask(await begin(), READ_MARK)).toBe(7)
  })

  it('sets a new password when the old one is lost', async () => {
    const first = await begin()
    await ask(first, MAKE_MARK)
    await first.stop()
    await rm(join(folder, 'postgres.password'))
    expect(await ask(await begin(), READ_MARK)).toBe(7)
  })

  it('applies changed settings, the old ones gone', async () => {
    const first = await begin({ work_mem: '7MB' })
    await first.stop()
    const second = await begin({ maintenance_work_mem: '65MB' })
    expect(await ask(second, `select current_setting('work_mem')`)).toBe('4MB')
    expect(await ask(second, `select current_setting('maintenance_work_mem')`)).toBe('65MB')
  })

  it('redoes a cluster whose making was killed half-way', async () => {
    await emptyFolder()
    mkdirSync(join(folder, 'data.new-1', 'base'), { recursive: true })
    await writeFile(join(folder, 'data.new-1', 'PG_VERSION'), '18\n')
    expect(await ask(await begin(), 'select 1')).toBe(1)
    expect(existsSync(join(folder, 'data.new-1'))).toBe(false)
  })

  it('refuses a folder that another Pulse uses', async () => {
    const server = await begin()
    await expect(begin()).rejects.toMatchObject({ code: 'platform.postgres-in-use' })
    expect(await ask(server, 'select 1')).toBe(1)
  })

  it('refuses the data of another major version and says so', async () => {
    await writeFile(join(folder, 'data', 'PG_VERSION'), '15\n')
    await expect(begin()).rejects.toMatchObject({ code: 'platform.postgres-other-version' })
  })

  it('fails with the words of PostgreSQL when a setting is wrong', async () => {
    await expect(begin({ shared_buffers: 'many' })).rejects.toThrow(/shared_buffers/)
  })

  it('puts the socket elsewhere when its path would be too long', async () => {
    folder = join(home, 'long'.repeat(20), 'postgres')
    const server = await begin()
    expect(server.connection.host.startsWith(home)).toBe(false)
    expect((await stat(server.connection.host)).mode & 0o777).toBe(0o700)
    expect(await ask(server, 'select 1')).toBe(1)
    await server.stop()
    await rm(server.connection.host, { recursive: true })
  })
})

describe('after a kill of Pulse', () => {
  it('adopts the postmaster, which goes on as it was', async () => {
    await startAndKill()
    const pid = await postmasterPid()
    const server = await begin()
    expect(await postmasterPid()).toBe(pid)
    expect(lines.join()).toContain('adopted')
    await ask(server, MAKE_MARK)
    await server.stop()
    expect(existsSync(join(folder, 'data', 'postmaster.pid'))).toBe(false)
  })

  it('restarts the postmaster when other settings are wanted', async () => {
    await startAndKill()
    const pid = await postmasterPid()
    const server = await begin({ work_mem: '7MB' })
    expect(await postmasterPid()).not.toBe(pid)
    expect(await ask(server, `select current_setting('work_mem')`)).toBe('7MB')
  })

  it('notices the death of an adopted postmaster', async () => {
    await startAndKill()
    const server = await begin()
    process.kill(await postmasterPid(), 'SIGKILL')
    expect(await server.died).toMatchObject({ code: 'platform.postgres-died' })
  })
})

describe('after a kill of the postmaster', () => {
  it('tells, and starts again with what was committed, even while an orphan computes', async () => {
    const server = await begin()
    await ask(server, MAKE_MARK)
    const sql = postgres({ ...server.connection, max: 1 })
    const orphan = sql`select count(*) from generate_series(1, 100000000000)`.catch(() => {})
    await expect
      .poll(() => ask(server, `select count(*)::int from pg_stat_activity where state = 'active'`))
      .toBe(2)
    process.kill(await postmasterPid(), 'SIGKILL')
    expect(await server.died).toMatchObject({ code: 'platform.postgres-died' })
    expect(await ask(await begin(), READ_MARK)).toBe(7)
    await orphan
    await sql.end({ timeout: 0 })
  })

  it('is not misled by a process that got the same id since', async () => {
    const server = await begin()
    await ask(server, MAKE_MARK)
    const pid = await postmasterPid()
    process.kill(pid, 'SIGKILL')
    await server.died
    const file = join(folder, 'data', 'postmaster.pid')
    const owner = await stat(join(folder, 'data'))
    // A process of the same user, which PostgreSQL by itself would take for a rival.
    const stranger = spawn('sleep', ['60'], { uid: owner.uid, gid: owner.gid, stdio: 'ignore' })
    children.push(stranger)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(`${pid}\n`, `${stranger.pid}\n`))
    expect(await ask(await begin(), READ_MARK)).toBe(7)
    expect(stranger.signalCode).toBeNull()
  })

  it('is not misled by an empty lock file', async () => {
    const server = await begin()
    await server.stop()
    await writeFile(join(folder, 'data', 'postmaster.pid'), '')
    expect(await ask(await begin(), 'select 1')).toBe(1)
  })
})

describe.runIf(isRoot)('as root', () => {
  it('runs PostgreSQL as another user', async () => {
    await begin()
    const user = execFileSync('ps', ['-o', 'uid=', '-p', `${await postmasterPid()}`])
    expect(Number(user)).toBeGreaterThan(0)
  })

  it('keeps the data of a closed folder where that user can reach them', async () => {
    await emptyFolder()
    await chmod(home, 0o700)
    const first = await begin()
    await ask(first, MAKE_MARK)
    await first.stop()
    expect(await readlink(join(folder, 'data'))).toMatch(/^\/var\/lib\/pulse\//)
    expect(lines.join()).toContain('cannot reach')
    expect(await ask(await begin(), READ_MARK)).toBe(7)
  })

  it('takes data back that were given to root', async () => {
    const first = await begin()
    await first.stop()
    execFileSync('chown', ['-R', '0:0', join(folder, 'data')])
    expect(await ask(await begin(), 'select 1')).toBe(1)
  })
})
