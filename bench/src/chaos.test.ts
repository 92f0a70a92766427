import { expect, test } from 'vitest'
import { runChaos } from './chaos-run.ts'

const NOTHING_WRONG = {
  lost: 0,
  storedTwice: 0,
  alertsLost: 0,
  alertsTwice: 0,
  deliveriesLost: 0,
}

const kills = ['server before acknowledgement', 'everything after acknowledgement'] as const

test('what was acknowledged survives the kill of server and PostgreSQL, once, with its alerts', async () => {
  const { verdict, witness, load } = await runChaos({
    rounds: kills.length,
    seed: 1,
    perSecond: 2000,
    devices: 100,
    kills,
    say: () => {},
  })
  const { acked, ...faults } = verdict
  expect(faults).toEqual(NOTHING_WRONG)
  expect(acked).toBe(load.sent)
  // It proves nothing unless there was something to lose, on both sides of midnight.
  expect(load.redelivered).toBeGreaterThan(0)
  expect(witness.alerts).toBeGreaterThan(10)
  expect(Math.min(witness.beforeMidnight, witness.afterMidnight)).toBeGreaterThan(0)
}, 120_000)
