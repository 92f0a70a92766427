import { silentLog, systemClock } from '#platform'
import { createKeyRing } from '#registry'
import type { Command } from './command.ts'
import { onSecrets, secretFlags, settingsOf } from './secrets.ts'

/** `pulse secrets rotate-sign-in-key`: a new key for the tokens of the embedded identity provider. */
export const rotateSignInKey: Command = {
  summary: 'Make a new key that signs the tokens of people.',
  help: `npm run pulse -- secrets rotate-sign-in-key [flags]
${secretFlags}
  --revoke                  refuse the key before at once: when somebody may have it

A running Pulse knows of it within a minute. Nobody is signed out: without --revoke what was signed
before stays good until it expires, with it every browser asks for new tokens.`,
  run(args, say) {
    const revoke = args.includes('--revoke')
    const settings = settingsOf(args.filter((arg) => arg !== '--revoke'))
    return onSecrets(settings, async ({ owner: app, vault }) => {
      const ring = createKeyRing({ app, vault, clock: systemClock, log: silentLog })
      const { signing } = await ring.rotate({ revoke })
      say(`Key ${signing[0]?.kid} signs from now on.`)
      return 0
    })
  },
}
