import { parseArgs } from 'node:util'
import {
  type Config,
  connect,
  createVault,
  type Database,
  type MasterKeySource,
  masterKeySource,
  readConfig,
  replaceMasterKey,
  resealAll,
  systemClock,
  type Vault,
} from '#platform'
import { sealedColumns } from '../upkeep.ts'
import { CannotRun, type Command } from './command.ts'
import { onDatabase } from './database.ts'

/** Flags of every command that opens secrets. */
export const secretFlags = `  --data .pulse             the folder of Pulse (PULSE_DATA); it may run meanwhile
  --master-key-file <file>  where the master key lies, unless in that folder (PULSE_MASTER_KEY_FILE)`

/** `pulse secrets rotate-data-key`: a new data key, and everything under it. */
export const rotateDataKey: Command = {
  summary: 'Make a new data key and seal every secret anew under it.',
  help: `npm run pulse -- secrets rotate-data-key [flags]
${secretFlags}

Run it again when it was cut short, or once a minute has gone by in which Pulse was running: what
Pulse sealed meanwhile may be under the key before. Exit code 1: some values do not open.`,
  run: (args) =>
    onSecrets(settingsOf(args), async ({ owner, vault }) => {
      const id = await vault.rotate()
      const { moved, stuck } = await resealAll(owner, vault, sealedColumns)
      say(`Data key ${id} seals from now on; ${moved} values were moved under it.`)
      for (const context of stuck) say(`  does not open: ${context}`)
      return stuck.length === 0 ? 0 : 1
    }),
}

/** `pulse secrets rotate-master-key`: a new master key in its file, and the data keys under it. */
export const rotateMasterKey: Command = {
  summary: 'Make a new master key and wrap the data keys anew by it.',
  help: `npm run pulse -- secrets rotate-master-key [flags]
${secretFlags}

Only for a key in a file. A key that comes from PULSE_MASTER_KEY is replaced by a start that is given
the new one there and the one before in PULSE_MASTER_KEY_PREVIOUS. Run it again when it was cut short.`,
  run(args) {
    const settings = settingsOf(args)
    if (!settings.masterKey.replace) {
      throw new CannotRun(
        'The master key comes from PULSE_MASTER_KEY. Start Pulse with the new key there and this one in PULSE_MASTER_KEY_PREVIOUS.',
      )
    }
    return onSecrets(settings, async ({ owner, masterKey }) => {
      const { id } = await replaceMasterKey(owner, masterKey)
      say(`Master key ${id} lies in ${masterKey.where}. Keep a copy of it apart from backups.`)
      return 0
    })
  },
}

interface Settings {
  readonly config: Config
  readonly masterKey: MasterKeySource
}

interface Secrets extends Settings {
  readonly owner: Database
  readonly vault: Vault
}

/** Runs `work` on the secrets of a Pulse, which may run meanwhile. @throws CannotRun without a master key */
export async function onSecrets(
  { config, masterKey }: Settings,
  work: (secrets: Secrets) => Promise<number>,
): Promise<number> {
  if (!(await masterKey.read())) {
    throw new CannotRun(`There is no master key in ${masterKey.where}.`)
  }
  return onDatabase(config.data, async (database) => {
    const owner = connect(database.facts('pulse_owner'), 'pulse_owner', { max: 2, name: 'secrets' })
    const vault = createVault({ owner, masterKey, clock: systemClock })
    try {
      return await work({ config, owner, masterKey, vault })
    } finally {
      await owner.end({ timeout: 1 })
    }
  })
}

/** Where database and master key are. */
export function settingsOf(args: readonly string[]): Settings {
  const text = { type: 'string' } as const
  // Only these: what else a start takes says nothing here.
  parseArgs({ args: [...args], options: { data: text, 'master-key-file': text }, strict: true })
  const config = readConfig(args, process.env)
  if (config === 'help') throw new CannotRun(secretFlags)
  return { config, masterKey: masterKeySource(config, process.env) }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
