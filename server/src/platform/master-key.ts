import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { decrypt, encrypt, KEY_BYTES } from './cipher.ts'
import { weaknessOfKey } from './weak-secret.ts'

/**
 * The port of whatever guards the data keys. A KMS is one more of these: `wrap` encrypts 32 bytes,
 * `unwrap` gives them back, `id` names its key (an ARN) so that a rotation is noticed.
 */
export interface MasterKey {
  /** Says which key it is and nothing of the key; kept beside what it wrapped. */
  readonly id: string
  wrap(dataKey: Uint8Array): Promise<string>
  unwrap(wrapped: string): Promise<Uint8Array>
}

/** The key in use, and while a rotation is under way the one that it replaces. */
export interface MasterKeys {
  readonly current: MasterKey
  readonly previous?: MasterKey | undefined
}

/** Where the master key comes from. */
export interface MasterKeySource {
  /** The place, for a person. */
  readonly where: string
  /** Undefined when there is none yet. @throws when it is weak, or when others may read it */
  read(): Promise<MasterKeys | undefined>
  /** Makes a key that takes over; the one in use, if any, becomes the previous. */
  replace?(): Promise<void>
  /** Nothing is wrapped by the previous key any more. */
  forgetPrevious?(): Promise<void>
}

/** The variables that may hold a master key: base64 of 32 random bytes. */
export const MASTER_KEY = 'PULSE_MASTER_KEY'
export const PREVIOUS_MASTER_KEY = 'PULSE_MASTER_KEY_PREVIOUS'

interface Settings {
  /** Folder of the data, where the file lies unless it was named. */
  readonly data: string
  readonly masterKeyFile?: string | undefined
}

/**
 * The environment when it holds a key; else a file: the named one, or `master.key` beside the
 * data, which is made at the first start. The variables are taken out of `env`, so that no child
 * process inherits them.
 */
export function masterKeySource(
  settings: Settings,
  env: Record<string, string | undefined>,
): MasterKeySource {
  const { [MASTER_KEY]: given = '', [PREVIOUS_MASTER_KEY]: previous = '' } = env
  delete env[MASTER_KEY]
  delete env[PREVIOUS_MASTER_KEY]
  if (given !== '') return environmentMasterKey(given, previous)
  return fileMasterKey(settings.masterKeyFile ?? join(settings.data, 'master.key'))
}

/** A master key out of variables; a rotation gives the one before as the previous. */
export function environmentMasterKey(given: string, previous = ''): MasterKeySource {
  return {
    where: MASTER_KEY,
    read: async () => ({
      current: localMasterKey(given, MASTER_KEY),
      previous: previous === '' ? undefined : localMasterKey(previous, PREVIOUS_MASTER_KEY),
    }),
  }
}

/**
 * A master key in a file that its owner alone may read. While it is replaced, the key before lies
 * in `{file}.previous`.
 */
export function fileMasterKey(file: string): MasterKeySource {
  const before = `${file}.previous`
  return {
    where: file,
    async read() {
      const text = await readSecretFile(file)
      if (text === undefined) return undefined
      const previous = await readSecretFile(before)
      return {
        current: localMasterKey(text, file),
        previous: previous === undefined ? undefined : localMasterKey(previous, before),
      }
    },
    async replace() {
      const text = await readSecretFile(file)
      if (text !== undefined) await writeSecretFile(before, text)
      await writeSecretFile(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`)
    },
    forgetPrevious: () => rm(before, { force: true }),
  }
}

const PURPOSE = 'pulse data key'

/** @throws when `text` is not base64 of 32 random bytes; the message names `where` and never the text */
export function localMasterKey(text: string, where: string): MasterKey {
  const bytes = Buffer.from(text.trim(), 'base64')
  const plain = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text.trim())
  const weakness = plain ? weaknessOfKey(bytes) : 'it is not base64'
  if (weakness) {
    throw new Error(`${where} is no master key: ${weakness}. Make one: openssl rand -base64 32`)
  }
  const id = createHash('sha256').update('pulse master key id').update(bytes).digest('hex')
  return {
    id: id.slice(0, 16),
    wrap: async (dataKey) => encrypt(bytes, dataKey, PURPOSE),
    unwrap: async (wrapped) => decrypt(bytes, wrapped, PURPOSE),
  }
}

/** Windows has no such bits. */
const OTHERS = process.platform === 'win32' ? 0 : 0o077

async function readSecretFile(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file)
    if ((mode & OTHERS) !== 0) {
      throw new Error(`others may read ${file}: chmod 600 ${file}, and replace the key if they did`)
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whole or not at all, and on the disk when it resolves. */
async function writeSecretFile(file: string, text: string): Promise<void> {
  const made = `${file}.new`
  await mkdir(dirname(file), { recursive: true })
  await rm(made, { force: true })
  const handle = await open(made, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(made, file)
  const folder = await open(dirname(file))
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
