import { randomBytes } from 'node:crypto'
import { systemClock } from '#platform'
import { createAccountReset } from '#registry'
import { CannotRun, type Command } from './command.ts'
import { onSecrets, secretFlags, settingsOf } from './secrets.ts'

/** `pulse accounts reset <username>`: lets somebody in again who lost password or authenticator. */
export const resetAccount: Command = {
  summary: 'Give an account a new password and take its second factor away.',
  help: `npm run pulse -- accounts reset --username <name> [flags]
${secretFlags}

The password is shown this once, and the first sign-in asks for another. All sign-ins of the person
end. For accounts of Pulse's own only; it is written into the audit log.`,
  run(args, say) {
    const at = args.indexOf('--username')
    const username = at === -1 ? undefined : args[at + 1]
    if (username === undefined) throw new CannotRun('Name the account with --username.')
    const settings = settingsOf(args.filter((_, index) => index !== at && index !== at + 1))
    return onSecrets(settings, async ({ owner: app }) => {
      const password = randomBytes(12).toString('base64url')
      const reset = createAccountReset({ app, clock: systemClock })
      const done = await reset(username, password)
      if (!done) throw new CannotRun(`There is no account with the username ${username}.`)
      say(`${username} signs in with ${password} and chooses another password then.`)
      return 0
    })
  },
}
