import { type ConnectionFacts, connect, type Database } from '@pulse/server'

/** As a batch of a lane. */
const ROWS = 2000
const CONNECTIONS = 2
/** A `copy` of postgres.js that fails never settles: past this the ceiling counts as not measured. */
const GRACE_MS = 20_000

interface Known {
  readonly id: number
  readonly tenant: number
}

/**
 * Rows a second that the owner of the tables brings into `stream.message` by bare `copy`: two
 * connections, 2,000 rows a transaction, flushed. The rows look like those of the benchmark and go
 * to the same devices, so the same places of the primary key grow.
 */
export async function copyCeiling(facts: ConnectionFacts, seconds: number): Promise<number> {
  const pools = Array.from({ length: CONNECTIONS }, () =>
    connect(facts, 'pulse_owner', { max: 1, name: 'bench copy' }),
  )
  const [first] = pools
  if (!first) return 0
  const devices = await first<Known[]>`select id, tenant from registry.device order by id`
  const begunAt = performance.now()
  const endAt = begunAt + seconds * 1000
  const rows = makeRows(devices)
  const work = Promise.all(pools.map((pool) => copyUntil(pool, rows, endAt)))
  try {
    const counts = await Promise.race([work, failAfter(seconds * 1000 + GRACE_MS)])
    const copied = counts.reduce((sum, count) => sum + count, 0)
    return copied / ((performance.now() - begunAt) / 1000)
  } finally {
    await Promise.all(pools.map((pool) => pool.end({ timeout: 1 })))
  }
}

async function copyUntil(pool: Database, rows: () => string, endAt: number): Promise<number> {
  let copied = 0
  while (performance.now() < endAt) {
    const text = rows()
    const target = await pool`
      copy stream.message (tenant, device, ts, id, kind, received_at, data) from stdin`.writable()
    await new Promise<void>((resolve, reject) => {
      target.on('error', reject)
      target.end(text, () => resolve())
    })
    copied += ROWS
  }
  return copied
}

/** Each call makes the next rows, device after device, with times that rise per device. */
function makeRows(devices: readonly Known[]): () => string {
  let made = 0
  const startedAt = Date.now() + 1000
  return () => {
    let text = ''
    const now = new Date().toISOString()
    for (let row = 0; row < ROWS; row++, made++) {
      const turn = Math.floor(made / devices.length)
      const index = made % devices.length
      const device = devices[index] as Known
      const ts = new Date(startedAt + turn).toISOString()
      const data = `{"tempC":${20 + (made % 1000) / 100},"onBattery":false}`
      text += `${device.tenant}\t${device.id}\t${ts}\tcopy-d${index}-${turn}\tt\t${now}\t${data}\n`
    }
    return text
  }
}

function failAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('copy does not end')), ms).unref()
  })
}
