import { parseArgs } from 'node:util'
import { abandonDataKeys, connect, masterKeySource, readConfig } from '#platform'
import { CannotRun, type Command } from './command.ts'
import { onDatabase } from './database.ts'
import { secretFlags } from './secrets.ts'

const help = `npm run pulse -- secrets abandon --lost [flags]
  --lost                    yes, the master key is gone
${secretFlags}

For a Pulse that does not start since its master key is lost. The next start makes new keys. Webhooks
need new secrets, second factors are set up anew, everybody signs in again; the rest is untouched.
Refused while the master key that is there opens the data keys.`

/** `pulse secrets abandon`: lets a Pulse start whose master key is lost. */
export const abandonSecrets: Command = {
  summary: 'Give up what is sealed, when the master key is lost.',
  help,
  async run(args) {
    const text = { type: 'string' } as const
    const options = { lost: { type: 'boolean' }, data: text, 'master-key-file': text } as const
    const { values } = parseArgs({ args: [...args], options, strict: true })
    if (!values.lost) throw new CannotRun('Nothing that is sealed opens after this. Say --lost.')
    const config = readConfig(
      args.filter((arg) => arg !== '--lost'),
      process.env,
    )
    if (config === 'help') throw new CannotRun(help)
    const masterKey = masterKeySource(config, process.env)
    await onDatabase(config.data, async (database) => {
      const facts = database.facts('pulse_owner')
      const owner = connect(facts, 'pulse_owner', { max: 1, name: 'secrets' })
      try {
        await abandonDataKeys(owner, masterKey)
      } finally {
        await owner.end({ timeout: 1 })
      }
    })
    process.stdout.write('The data keys are given up; the next start makes new ones.\n')
    return 0
  },
}
