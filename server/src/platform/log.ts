import { type Logger, pino } from 'pino'

export type Log = Logger

/** Names of fields that never reach a log in clear. */
const secret = ['password', 'token', 'secret', 'authorization', 'whsec', 'cookie']

/** JSON lines on standard error, or to `write`. Fields, not sentences; secrets are masked by name. */
export function createLog(level: string, write?: (line: string) => void): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '•••',
      },
    },
    write ? { write } : pino.destination({ dest: 2, sync: true }),
  )
}

/** A log that says nothing, for tests. */
export const silentLog: Log = pino({ level: 'silent' })
