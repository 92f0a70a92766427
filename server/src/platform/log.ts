import { type Logger, pino } from 'pino'
import { maskedJson } from './mask.ts'

export type Log = Logger

/**
 * JSON lines on standard error, or to `write`. Fields, not sentences. Each line is masked as the
 * audit log is: fields that are named as a secret, and whatever is shaped like one, in texts,
 * messages and stacks too.
 */
export function createLog(level: string, write?: (line: string) => void): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: errorFacts },
      hooks: { streamWrite: (line) => `${maskedJson(JSON.parse(line))}\n` },
    },
    write ? { write } : pino.destination({ dest: 2, sync: true }),
  )
}

/** Without what PostgreSQL tells of the row at fault: `Failing row contains (…)` holds all its values. */
function errorFacts(error: Error): Record<string, unknown> {
  const facts: Record<string, unknown> = { ...pino.stdSerializers.err(error) }
  for (const name of ['detail', 'where', 'query', 'parameters', 'args']) delete facts[name]
  return facts
}

/** A log that says nothing, for tests. */
export const silentLog: Log = pino({ level: 'silent' })
