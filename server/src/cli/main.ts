import { abandonSecrets } from './abandon-secrets.ts'
import { resetAccount } from './accounts.ts'
import { auditVerify } from './audit-verify.ts'
import { CannotRun, type Command } from './command.ts'
import { rotateDataKey, rotateMasterKey } from './secrets.ts'
import { rotateSignInKey } from './sign-in-key.ts'

/** Every command, by its words. */
const commands: Readonly<Record<string, Command>> = {
  'accounts reset': resetAccount,
  'audit verify': auditVerify,
  'secrets abandon': abandonSecrets,
  'secrets rotate-data-key': rotateDataKey,
  'secrets rotate-master-key': rotateMasterKey,
  'secrets rotate-sign-in-key': rotateSignInKey,
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

function listOfCommands(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  )
  return `Usage: npm run pulse -- <command> [flags]\n\n${lines.join('\n')}\n\n<command> --help tells more.`
}

/** `pulse <words> [flags]`: finds the command by its words and runs it. */
async function main(argv: readonly string[]): Promise<number> {
  const flagsFrom = argv.findIndex((arg) => arg.startsWith('-'))
  const words = (flagsFrom === -1 ? argv : argv.slice(0, flagsFrom)).join(' ')
  const args = flagsFrom === -1 ? [] : argv.slice(flagsFrom)
  const asksHelp = args.includes('--help') || args.includes('-h')
  const command = commands[words]
  if (command && asksHelp) say(`${command.summary}\n\n${command.help}`)
  else if (command) return command.run(args, say)
  else if (asksHelp || words === '' || words === 'help') say(listOfCommands())
  else throw new CannotRun(`There is no command "${words}".\n\n${listOfCommands()}`)
  return 0
}

/** What went wrong, in words for the person at the terminal. */
function faultOf(error: unknown): string {
  const { message, remedy } = error as { message?: string; remedy?: string }
  return [message ?? String(error), remedy].filter(Boolean).join(' ')
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${faultOf(error)}\n`)
  process.exitCode = 2
}
