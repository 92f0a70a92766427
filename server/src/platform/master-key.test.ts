import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { secretSeen, type TestDatabase, testDatabase, testMasterKey } from '#testing'
import { systemClock } from './clock.ts'
import { abandonDataKeys, replaceMasterKey, settleMasterKey } from './data-keys.ts'
import { environmentMasterKey, fileMasterKey, masterKeySource } from './master-key.ts'
import { createVault, type Vault } from './vault.ts'

let folder: string
let file: string
let db: TestDatabase
const owner = () => db.as('pulse_owner')
const vaultOf = (source = fileMasterKey(file)): Vault =>
  createVault({ owner: owner(), masterKey: source, clock: systemClock })
const started = async (): Promise<Vault> => {
  const vault = vaultOf()
  await vault.start()
  secretSeen((await readFile(file, 'utf8')).trim())
  return vault
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-key-'))
  file = join(folder, 'master.key')
  db = await testDatabase()
})
afterEach(async () => {
  await db.drop()
  await rm(folder, { recursive: true, force: true })
})

describe('a master key in a file', () => {
  test('is made at the first start, for its owner alone, and kept', async () => {
    const vault = await started()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const text = await readFile(file, 'utf8')
    expect(Buffer.from(text, 'base64')).toHaveLength(32)
    const sealed = await vault.seal('a', 'here')
    expect(await (await started()).open(sealed, 'here')).toBe('a')
    expect(await readFile(file, 'utf8')).toBe(text)
    expect(await readdir(folder)).toEqual(['master.key'])
  })

  test.each([0o640, 0o604, 0o644, 0o660, 0o777])('is refused with mode %o', async (mode) => {
    await started()
    await chmod(file, mode)
    await expect(vaultOf().start()).rejects.toThrow(`others may read ${file}`)
  })

  test('is refused when it is too short, and its text is not said', async () => {
    const short = randomBytes(16).toString('base64')
    secretSeen(short)
    await writeFile(file, short, { mode: 0o600 })
    const error = await vaultOf()
      .start()
      .catch((each: Error) => each)
    expect(String(error)).toContain('it has 16 bytes instead of 32')
    expect(String(error)).not.toContain(short)
  })

  test('is not made anew when the database needs the one that is gone', async () => {
    await started()
    await rm(file)
    await expect(vaultOf().start()).rejects.toThrow('need their master key')
    expect(await readdir(folder)).toEqual([])
  })
})

describe('where the master key comes from', () => {
  test('is the environment first, and no child process inherits it', async () => {
    const env: Record<string, string | undefined> = {
      PULSE_MASTER_KEY: testMasterKey(),
      PULSE_MASTER_KEY_PREVIOUS: testMasterKey(),
      PATH: '/bin',
    }
    const source = masterKeySource({ data: folder }, env)
    expect(source.where).toBe('PULSE_MASTER_KEY')
    expect((await source.read())?.previous).toBeDefined()
    expect(env).toEqual({ PATH: '/bin' })
  })

  test('is a file otherwise: the one that is named, or one beside the data', () => {
    expect(masterKeySource({ data: folder }, {}).where).toBe(file)
    expect(masterKeySource({ data: folder, masterKeyFile: '/run/key' }, {}).where).toBe('/run/key')
  })

  test('can move from the file to the environment', async () => {
    const sealed = await (await started()).seal('a', 'here')
    const before = await readFile(file, 'utf8')
    const moved = vaultOf(environmentMasterKey(testMasterKey(), before))
    await moved.start()
    expect(await moved.open(sealed, 'here')).toBe('a')
  })
})

describe('a master key that is lost', () => {
  test('is said at the start; giving up what is sealed lets the next one make new keys', async () => {
    const before = await started()
    const sealed = await before.seal('a', 'here')
    await expect(abandonDataKeys(owner(), fileMasterKey(file))).rejects.toThrow('nothing is lost')
    await rm(file)
    await expect(vaultOf().start()).rejects.toThrow('need their master key')
    await abandonDataKeys(owner(), fileMasterKey(file))
    const after = await started()
    await expect(after.open(sealed, 'here')).rejects.toThrow('does not open')
    const anew = await after.seal('b', 'here')
    expect(anew.startsWith('v1.2.')).toBe(true)
    expect(await after.open(anew, 'here')).toBe('b')
  })
})

describe('a rotation of the master key', () => {
  test('puts every data key under the new one and forgets the old one', async () => {
    const vault = await started()
    const first = await vault.seal('a', 'here')
    await vault.rotate()
    const second = await vault.seal('b', 'here')
    const before = await readFile(file, 'utf8')
    await replaceMasterKey(owner(), fileMasterKey(file))
    const after = await started()
    expect(await readFile(file, 'utf8')).not.toBe(before)
    expect(await readdir(folder)).toEqual(['master.key'])
    expect([await after.open(first, 'here'), await after.open(second, 'here')]).toEqual(['a', 'b'])
    // A process that runs meanwhile goes on: it reads the file again when it needs to.
    expect(await vault.rotate()).toBe(3)
    await writeFile(file, before, { mode: 0o600 })
    await expect(vaultOf().start()).rejects.toThrow('sealed under another master key')
  })

  test('is finished by the next start, wherever it stopped', async () => {
    const vault = await started()
    const sealed = await vault.seal('a', 'here')
    const source = fileMasterKey(file)
    const steps: (() => Promise<unknown>)[] = [
      // The old key was copied.
      () => copyFile(file, `${file}.previous`),
      // A new one was half written.
      () => writeFile(`${file}.new`, 'ha', { mode: 0o600 }),
      // The new one is in place, the data keys are under the old one.
      () => source.replace?.() as Promise<void>,
      // The data keys are under the new one, the old one lies there still.
      () => copyFile(file, `${file}.previous`),
    ]
    for (const step of steps) {
      await step()
      expect(await (await started()).open(sealed, 'here')).toBe('a')
      expect(await readdir(folder)).not.toContain('master.key.previous')
    }
  })

  test('that was cut short is finished before another one begins', async () => {
    const sealed = await (await started()).seal('a', 'here')
    await fileMasterKey(file).replace?.()
    await replaceMasterKey(owner(), fileMasterKey(file))
    expect(await (await started()).open(sealed, 'here')).toBe('a')
  })

  test('that another process begins meanwhile does not lose its previous key', async () => {
    const sealed = await (await started()).seal('a', 'here')
    const source = fileMasterKey(file)
    let reads = 0
    const read = async () => {
      // Between the wrapping and the look whether the previous key may go.
      if (++reads === 2) await source.replace?.()
      return source.read()
    }
    await settleMasterKey(owner(), { ...source, read })
    expect(reads).toBe(2)
    expect(await (await started()).open(sealed, 'here')).toBe('a')
  })

  test('loses nothing when it is killed at any moment', async () => {
    const vault = await started()
    await owner()`
      insert into actions.destination (tenant, key, name, kind, url, secret, created_at)
      select 1, 'k' || n, 'x', 'webhook', 'https://example.com/', 'clear-text-' || n, now()
        from generate_series(1, 50) n`
    const rotations: number[] = []
    for (let round = 0; round < 9; round++)
      rotations.push(await killedRotation({ rounds: round % 3, thenMs: round * 7 }))
    expect(Math.max(...rotations)).toBeGreaterThan(1)
    const after = await started()
    const rows = await owner()<{ key: string; sealed: string | null; secret: string | null }[]>`
      select key, sealed, secret from actions.destination`
    const opened = await Promise.all(
      rows.map(async ({ key, sealed, secret }) => [
        key,
        secret ?? (await after.open(sealed ?? '', `actions.destination/1/${key}`)),
      ]),
    )
    expect(opened.filter(([key, clear]) => clear !== `clear-text-${key?.slice(1)}`)).toEqual([])
    expect(opened).toHaveLength(50)
    expect(await vault.rotate()).toBeGreaterThan(2)
  }, 60_000)
})

/** Rotates both keys again and again in another process and kills it; answers how often it had. */
async function killedRotation(when: { rounds: number; thenMs: number }): Promise<number> {
  const program = join(import.meta.dirname, '../testing/rotate-for-ever.ts')
  const facts = JSON.stringify(db.facts('pulse_owner'))
  const child = spawn(process.execPath, [program, facts, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let rotations = -1
  child.stdout.on('data', (chunk: Buffer) => {
    const before = rotations
    rotations += chunk.length
    if (before < when.rounds && rotations >= when.rounds)
      setTimeout(() => child.kill('SIGKILL'), when.thenMs)
  })
  await once(child, 'close')
  return rotations
}
