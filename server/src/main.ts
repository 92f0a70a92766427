import { join } from 'node:path'
import {
  CONFIG_HELP,
  createLog,
  masterKeySource,
  openEmbedded,
  readConfig,
  refuseUnfit,
  systemClock,
} from '#platform'
import { createApp } from './app.ts'
import { startDemo } from './demo.ts'
import { makeFirstOperator } from './first-operator.ts'
import { greet, say, sayFault } from './terminal.ts'

const STOP_WITHIN_MS = 15_000

/** One Pulse: reads its configuration, starts, and stops on SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env)
  if (config === 'help') return say(CONFIG_HELP)
  const masterKey = masterKeySource(config, process.env)
  if (config.production) await refuseUnfit({ config, masterKey })
  const log = createLog(config.logLevel)
  const database = await openEmbedded(config.data, log)
  const portal = join(import.meta.dirname, '../../web/dist')
  const onLost = (error: Error) => {
    sayFault(error)
    process.exit(1)
  }
  const app = await createApp({
    config,
    clock: systemClock,
    log,
    database,
    masterKey,
    portal,
    onLost,
  })
  const closing: (() => Promise<void>)[] = [database.stop, app.close]
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    // What hangs is not waited for: everything acknowledged is durable already.
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref()
    for (const close of closing.reverse()) await close()
    process.exit(process.exitCode ?? 0)
  }
  process.on('SIGINT', () => void stop())
  process.on('SIGTERM', () => void stop())
  try {
    const listening = await app.start()
    const demo = config.demo ? await startDemo({ app, config, listening, log }) : undefined
    if (demo) closing.push(demo.stop)
    const operator = await makeFirstOperator(app, config)
    greet({ config, listening, demo: demo?.facts, operator })
  } catch (error) {
    sayFault(error)
    process.exitCode = 1
    await stop()
  }
}

main().catch((error: unknown) => {
  sayFault(error)
  process.exit(1)
})
