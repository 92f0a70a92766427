/** `npm run bench -- [ingest|latency|connections] [--devices N] [--in-flight N] [--seconds S] [--json]` */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { BenchOptions } from './bench-options.ts'
import { connections } from './connections.ts'
import { ingest } from './ingest.ts'
import { latency } from './latency.ts'
import { figure } from './table.ts'

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<object>>> = {
  ingest,
  latency,
  connections,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    devices: { type: 'string' },
    'in-flight': { type: 'string' },
    seconds: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
})

const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text))
const options: BenchOptions = {
  devices: numberOf(values.devices),
  inFlight: numberOf(values['in-flight']),
  seconds: Number(values.seconds),
}

/** A line of JSON per benchmark that was run. */
const lines: string[] = []

/** One benchmark; or all, ingest with few devices besides. */
async function run(name: string | undefined): Promise<void> {
  if (name === undefined) {
    await one('ingest', { ...options, devices: 50 })
    for (const each of Object.keys(benches)) await one(each, options)
    return
  }
  await one(name, options)
}

async function one(name: string, given: BenchOptions): Promise<void> {
  const bench = benches[name]
  if (!bench) throw new Error(`There are these benchmarks: ${Object.keys(benches).join(', ')}.`)
  lines.push(JSON.stringify(await bench(given)))
}

const [processor] = cpus()
const load = figure(loadavg()[0] ?? 0, 1)
console.log(`${cpus().length} × ${processor?.model}, load average ${load}, Node ${process.version}`)
await run(positionals[0])
if (values.json) for (const line of lines) console.log(line)
