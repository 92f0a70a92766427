/**
 * The load generator as a process of its own: `node main.ts '<json>'`, `node main.ts config.json`,
 * or the config on standard input. Prints a JSON line per event, the last one of type `result`.
 * SIGINT or SIGTERM ends the sending early; the result is printed all the same.
 */
import { readFileSync } from 'node:fs'
import type { LoadConfig } from './config.ts'
import { runLoad } from './load.ts'

const argument = process.argv[2] ?? '-'
const text = argument.startsWith('{')
  ? argument
  : readFileSync(argument === '-' ? 0 : argument, 'utf8')
const config = JSON.parse(text) as LoadConfig

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())

const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const result = await runLoad(config, { onEvent: print, signal: stop.signal })
print({ type: 'result', ...result })
