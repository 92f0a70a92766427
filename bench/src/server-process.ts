/**
 * One Pulse in a process of its own, started as `npm start` does it, that answers a few questions
 * of its parent and can be told to die at the worst moment. It ends with its parent.
 */
import {
  createApp,
  createLog,
  masterKeySource,
  openEmbedded,
  readConfig,
  systemClock,
} from '@pulse/server'
import type { Answer, Question } from './server.ts'

const config = readConfig(process.argv.slice(2), {})
if (config === 'help') throw new Error('a configuration was expected')
const log = createLog(config.logLevel)
const database = await openEmbedded(config.data, log)
const app = await createApp({
  config,
  clock: systemClock,
  log,
  database,
  masterKey: masterKeySource(config, {}),
  portal: '/nonexistent',
  onLost: (error) => {
    throw error
  },
})

let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  await app.close()
  await database.stop()
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('disconnect', () => void stop())
process.on('message', (question: Question) => {
  send({ re: question.id, value: answer(question) })
})

const listening = await app.start()
send({ re: 0, value: listening })

function send(message: Answer): void {
  process.send?.(message)
}

function answer(question: Question): unknown {
  if (question.ask === 'stop') return void stop()
  if (question.ask === 'stats') return app.pipeline.stats()
  if (question.ask === 'owner') return database.facts('pulse_owner')
  if (question.ask === 'memory') {
    // Twice: the first run frees what finalizers still held.
    globalThis.gc?.()
    globalThis.gc?.()
    return process.memoryUsage()
  }
  killAtAck(question)
  return undefined
}

/**
 * Kills `victims` with SIGKILL when so many messages more have been settled as stored: before the
 * acknowledgement of that message leaves, or as soon as it has left.
 */
function killAtAck({ messages, when, victims }: Extract<Question, { ask: 'kill-at-ack' }>): void {
  const { pipeline } = app
  const { submit } = pipeline
  const kill = (): void => {
    for (const pid of victims) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // A worker of PostgreSQL that has ended since it was listed.
      }
    }
  }
  let left = messages
  pipeline.submit = (item) => {
    const { settle } = item
    const watched = (outcome: Parameters<typeof settle>[0]): void => {
      const strikes = outcome.kind === 'stored' && item.kind === 'message' && --left === 0
      if (strikes && when === 'before') kill()
      settle(outcome)
      // The sockets write what was settled in the next turn.
      if (strikes && when === 'after') setImmediate(() => setImmediate(kill))
    }
    submit(Object.assign(item, { settle: watched }))
  }
}
