import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const server = fileURLToPath(new URL('../../server', import.meta.url))

/** Runs in the server's folder, which knows the client of the database. */
const program = `
  import postgres from 'postgres'
  const { host, port, password, statement } = JSON.parse(process.env.PULSE_TAMPER)
  const sql = postgres({ host, port, password, username: 'postgres', database: 'pulse' })
  await sql.unsafe(statement)
  await sql.end()
`

/** Changes the database behind Pulse's back, as the superuser of the embedded one. */
export function tamper(statement: string) {
  const folder = join(dirname(process.env['PULSE_DEMO_FILE'] ?? ''), 'postgres')
  const lines = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')
  const password = readFileSync(join(folder, 'postgres.password'), 'utf8').trim()
  const facts = { host: lines[4], port: Number(lines[3]), password, statement }
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: server,
    env: { ...process.env, PULSE_TAMPER: JSON.stringify(facts) },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the database was not changed: ${stderr}`)
}
