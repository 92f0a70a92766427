/**
 * One Pulse in a process of its own, started as `npm start` does it, that answers a few questions
 * of its parent and can be told to die at the worst moment. It ends with its parent.
 */
import { createApp, createLog, openEmbedded, readConfig, systemClock } from '@pulse/server'
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
  killBeforeAck(question.messages, question.victim)
  return undefined
}

/**
 * Kills `victim` with SIGKILL when so many messages more have been committed: after their commit,
 * before the acknowledgement of that message leaves.
 */
function killBeforeAck(messages: number, victim: number): void {
  const { pipeline } = app
  const { submit } = pipeline
  let left = messages
  pipeline.submit = (item) => {
    const { settle } = item
    const watched = (outcome: Parameters<typeof settle>[0]): void => {
      if (outcome.kind === 'stored' && item.kind === 'message' && --left === 0) {
        process.kill(victim, 'SIGKILL')
      }
      settle(outcome)
    }
    submit(Object.assign(item, { settle: watched }))
  }
}
