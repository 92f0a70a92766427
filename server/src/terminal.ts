import { join, resolve } from 'node:path'
import type { Config } from '#platform'
import type { DemoFacts } from './demo.ts'
import type { FirstOperator } from './first-operator.ts'
import type { Listening } from './listening.ts'

/** Writes a line for the person at the terminal; everything else goes to the log. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Says what went wrong at the start, and what to do. */
export function sayFault(error: unknown): void {
  const fault = error as NodeJS.ErrnoException & { port?: number; remedy?: string }
  if (fault.code === 'EADDRINUSE' || fault.code === 'EACCES') {
    const why = fault.code === 'EACCES' ? 'may not be used' : 'is taken'
    process.stderr.write(
      `Port ${fault.port} ${why}. Choose another: npm start -- --port 8081 (portal) or --mqtt-port 1884 (MQTT).\n`,
    )
    return
  }
  process.stderr.write(`Pulse cannot start: ${messageOf(error)}\n`)
  if (process.env['PULSE_LOG_LEVEL'] === 'debug') process.stderr.write(`${fault.stack}\n`)
}

/** An AggregateError, as a failed connection gives it, has its words in its parts. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map(messageOf).join('; ')
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}

/** Tells where everything is, once Pulse is ready. */
export function greet(facts: {
  readonly config: Config
  readonly listening: Listening
  readonly demo: DemoFacts | undefined
  /** Set when this start has made the first operator. */
  readonly operator: FirstOperator | undefined
}): void {
  const { config, listening, demo, operator } = facts
  const { host } = config
  say('')
  say('  Pulse is ready.')
  say('')
  say(`  Portal   http://${host}:${listening.http}/`)
  if (config.oidcIssuer !== undefined) say(`  Sign in  at ${config.oidcIssuer}`)
  else if (demo) {
    say(`  Sign in  ${demo.username}  ${demo.password}`)
    say(`           operator, engineer, technician, viewer: in ${join(config.data, 'demo.json')}`)
  }
  if (operator) say(`  Operator ${operator.username}, whose first password is in ${operator.file}`)
  say(`  MQTT     mqtt://${host}:${listening.mqtt}`)
  if (listening.mqtts !== undefined) say(`  MQTT     mqtts://${host}:${listening.mqtts}`)
  say(`  HTTP     http://${host}:${listening.http}/v1/ingest   (API: /docs, /openapi.json)`)
  say(`  Data     ${resolve(config.data)}`)
  say('')
  if (demo) {
    say('  Publish a message:')
    say(
      `  npx mqtt pub -h ${host} -p ${listening.mqtt} -u ${demo.bench.username} -P ${demo.bench.token} -q 1 \\`,
    )
    say(`    -t '~/telemetry' -m '{"v":1,"data":{"metrics":{"tempC":21.5}}}'`)
    say('')
  }
  say('  Ctrl-C stops Pulse; everything is kept.')
  say('')
}
