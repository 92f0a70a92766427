import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createVault, environmentMasterKey, sealedAt, systemClock } from '#platform'
import { secretSeen, testMasterKey, written } from '../testing/index.ts'
import { startPulse } from './harness.ts'

/** Pulse and its command as they are started outside, in processes of their own. */

let folder: string
let data: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-secrets-'))
  data = join(folder, 'data')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly text: string
}

/** Runs a program of the server until it ends; what it writes goes to the ledger. */
async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', program), ...args], {
    env: { PATH: process.env['PATH'], ...env },
  })
  let text = ''
  const more = (chunk: Buffer) => {
    text += String(chunk)
    // A start that is not refused would run for ever.
    if (text.includes('Pulse is ready')) child.kill('SIGTERM')
  }
  child.stdout.on('data', more)
  child.stderr.on('data', more)
  const [code] = (await once(child, 'close')) as [number | null]
  written('log', text)
  return { code, text }
}

const ports = ['--port', '0', '--mqtt-port', '0']
const start = (env: Readonly<Record<string, string>>) =>
  run('main.ts', [...ports, '--data', data], env)

/** A start for production that lacks nothing. */
const fit = (): Record<string, string> => ({
  PULSE_PRODUCTION: 'true',
  PULSE_MASTER_KEY: testMasterKey(),
  PULSE_DEMO: 'false',
  PULSE_OIDC_ISSUER: 'https://id.example.com/',
  PULSE_PUBLIC_URL: 'https://pulse.example.com/',
})
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(fit()).filter(([name]) => !names.includes(name)))

describe('a start for production', () => {
  // One start for several settings: each takes a second of a processor.
  test.each<[string, () => Record<string, string>, readonly string[]]>([
    [
      'with nothing set',
      () => ({ PULSE_PRODUCTION: 'true', PULSE_HOST: '0.0.0.0' }),
      [
        'PULSE_MASTER_KEY: missing.',
        'PULSE_DEMO: the demo is on.',
        'PULSE_OIDC_ISSUER: missing.',
        'PULSE_PUBLIC_URL: missing.',
      ],
    ],
    [
      'with a master key of zeros, and http where it must be https',
      () => ({
        ...fit(),
        PULSE_MASTER_KEY: Buffer.alloc(32).toString('base64'),
        PULSE_OIDC_ISSUER: 'http://id.example.com/',
        PULSE_PUBLIC_URL: 'http://pulse.example.com/',
      }),
      [
        'PULSE_MASTER_KEY: PULSE_MASTER_KEY is no master key: it repeats itself.',
        'PULSE_OIDC_ISSUER: not https.',
        'PULSE_PUBLIC_URL: not https.',
      ],
    ],
    [
      'with the master key "changeme"',
      () => ({ ...fit(), PULSE_MASTER_KEY: 'changeme' }),
      ['PULSE_MASTER_KEY: PULSE_MASTER_KEY is no master key: it has 6 bytes instead of 32.'],
    ],
    [
      'with a master key in a file that is not there',
      () => ({ ...without('PULSE_MASTER_KEY'), PULSE_MASTER_KEY_FILE: '/nowhere/master.key' }),
      ['PULSE_MASTER_KEY_FILE: there is no such file.'],
    ],
  ])('%s is refused, and says each setting at fault', async (_, env, faults) => {
    const given = env()
    const { code, text } = await start(given)
    const [first, ...lines] = text.trim().split('\n')
    expect(code).toBe(1)
    expect(first).toBe('Pulse cannot start: this is no start for production.')
    expect(lines).toHaveLength(faults.length)
    for (const [index, fault] of faults.entries()) expect(lines[index]).toContain(`  ${fault}`)
    if (given['PULSE_MASTER_KEY']) expect(text).not.toContain(given['PULSE_MASTER_KEY'])
  })

  test('with a weak password of a database role is refused, and does not say it', async () => {
    await mkdir(data)
    await writeFile(join(data, 'roles.json'), '{"pulse_app":"changeme1234"}', { mode: 0o600 })
    const { code, text } = await start(fit())
    expect(code).toBe(1)
    expect(text).toContain('roles.json: the password of pulse_app: it is a well-known default.')
    expect(text).not.toContain('changeme1234')
  })

  test('that lacks nothing goes on, with accounts of its own when that is said', async () => {
    const env = { ...without('PULSE_OIDC_ISSUER'), PULSE_OIDC_EMBEDDED: 'true' }
    const { text } = await start(env)
    expect(text).not.toContain('no start for production')
    expect(text).toContain('Pulse is ready')
  }, 60_000)
})

test('a start seals what an older Pulse kept in clear', async () => {
  const masterKey = testMasterKey()
  let pulse = await startPulse({ masterKey })
  const act = { tenant: pulse.tenant, actor: { kind: 'system', id: 'test' } } as const
  const url = 'https://hooks.example.com/'
  const { secret = '' } = await pulse.app.actions.putDestination(act, { key: 'a', name: 'A', url })
  const owner = pulse.db.as('pulse_owner')
  pulse = await pulse.restart(
    () => owner`update actions.destination set secret = ${secret}, sealed = null`,
  )
  const rows = await owner<{ secret: string | null; sealed: string }[]>`
    select secret, sealed from actions.destination`
  expect(rows).toEqual([{ secret: null, sealed: expect.stringMatching(/^v1\./) }])
  const source = environmentMasterKey(masterKey)
  const vault = createVault({ owner, masterKey: source, clock: systemClock })
  const context = sealedAt('actions.destination', pulse.tenant, 'a')
  expect(await vault.open(rows[0]?.sealed ?? '', context)).toBe(secret)
  await pulse.close()
})

describe('the commands of secrets', () => {
  test('rotate both keys of a Pulse, and it starts again', async () => {
    const first = await start({ PULSE_DEMO: 'true' })
    expect(first.text).toContain('Pulse is ready')
    const before = await readFile(join(data, 'master.key'), 'utf8')
    secretSeen(before.trim())
    const dataKey = await run('cli/main.ts', ['secrets', 'rotate-data-key', '--data', data])
    expect(dataKey.text).toMatch(/^Data key 2 seals from now on; [1-9]\d* values were moved/)
    const master = await run('cli/main.ts', ['secrets', 'rotate-master-key', '--data', data])
    expect(master.text).toContain('Keep a copy of it apart from backups.')
    const after = await readFile(join(data, 'master.key'), 'utf8')
    secretSeen(after.trim())
    expect(after).not.toBe(before)
    expect([dataKey.code, master.code]).toEqual([0, 0])
    expect((await start({ PULSE_DEMO: 'true' })).text).toContain('Pulse is ready')
    await writeFile(join(data, 'master.key'), before)
    const wrong = await start({ PULSE_DEMO: 'true' })
    expect(wrong.code).toBe(1)
    expect(wrong.text).toContain('sealed under another master key')
    expect((await run('cli/main.ts', ['secrets', 'abandon', '--data', data])).code).toBe(2)
    const given = await run('cli/main.ts', ['secrets', 'abandon', '--lost', '--data', data])
    expect(given.text).toContain('the next start makes new ones')
    expect((await start({ PULSE_DEMO: 'true' })).text).toContain('Pulse is ready')
  }, 240_000)

  test('refuse to replace a key that comes from the environment', async () => {
    const { code, text } = await run(
      'cli/main.ts',
      ['secrets', 'rotate-master-key', '--data', data],
      {
        PULSE_MASTER_KEY: testMasterKey(),
      },
    )
    expect(code).toBe(2)
    expect(text).toContain('this one in PULSE_MASTER_KEY_PREVIOUS')
  })
})
