/**
 * The demo fleet as a program, against any Pulse endpoint:
 *
 *     node simulator/src/main.ts --config devices.json --host 127.0.0.1 --port 1883
 *
 * The file holds `{ "tenant": "demo", "devices": [{ key, token, type, site, name }, …] }`.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type FleetDevice, type FleetLog, startFleet } from './index.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '1883' },
    config: { type: 'string' },
    seed: { type: 'string', default: 'pulse' },
    'no-backfill': { type: 'boolean', default: false },
  },
})
if (!values.config) throw new Error('Say which devices to play: --config devices.json')

const config = JSON.parse(readFileSync(values.config, 'utf8')) as {
  readonly tenant: string
  readonly devices: readonly FleetDevice[]
}
const say = (fields: object, text: string) => console.log(text, JSON.stringify(fields))
const log: FleetLog = { info: say, warn: say }

const fleet = startFleet({
  endpoint: { host: values.host, port: Number(values.port) },
  tenant: config.tenant,
  devices: config.devices,
  seed: values.seed,
  backfill: !values['no-backfill'],
  log,
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void fleet.stop())
}
