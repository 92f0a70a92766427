/** `npm run chaos -- [--rounds N] [--seed S] [--rate 5000] [--devices 500] [--kill KIND] [--json]` */
import { parseArgs } from 'node:util'
import { kills } from './chaos-kills.ts'
import { type ChaosReport, runChaos } from './chaos-run.ts'
import { figure, printTable } from './table.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rate: { type: 'string', default: '5000' },
    devices: { type: 'string', default: '500' },
    // Only this one, such as `--kill postmaster`.
    kill: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

const rounds = Number(values.rounds)
// Everything for people goes to standard error with --json, so that one line is all that is left.
const say = (text: string) => (values.json ? console.error(text) : console.log(text))
say(`chaos: ${rounds} rounds at ${values.rate} msg/s, seed ${values.seed}`)
const report = await runChaos({
  rounds,
  seed: Number(values.seed),
  perSecond: Number(values.rate),
  devices: Number(values.devices),
  ...(values.kill !== undefined && { kills: kills.filter((kill) => kill === values.kill) }),
  say,
})
print(report)
const { acked, ...faults } = report.verdict
if (values.json) console.log(JSON.stringify({ name: 'chaos', rounds, acked, ...faults }))
if (Object.values(faults).some((count) => count > 0)) process.exitCode = 1

function print({ verdict, witness, load, starts, recoverySeconds }: ChaosReport): void {
  const slowest = Math.max(...recoverySeconds)
  printTable('chaos', [
    ['acknowledged', figure(verdict.acked)],
    ['lost', figure(verdict.lost)],
    ['stored twice', figure(verdict.storedTwice)],
    ['alerts (each opens and clears)', figure(witness.alerts)],
    ['alerts lost', figure(verdict.alertsLost)],
    ['alerts twice', figure(verdict.alertsTwice)],
    ['deliveries received', figure(witness.deliveries)],
    ['deliveries lost', figure(verdict.deliveriesLost)],
    ['redelivered messages', figure(load.redelivered)],
    ['refused, unacknowledged', `${load.refused}, ${load.unacknowledged}`],
    ['before and after midnight', `${witness.beforeMidnight}, ${witness.afterMidnight}`],
    ['starts of the server', figure(starts)],
    ['slowest recovery', `${figure(slowest, 1)} s`],
  ])
}
