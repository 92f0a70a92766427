import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { type AuditVerification, auditVerificationQuery } from '@pulse/contract'
import { anchorOf, tenantsWithLog, verifyExport, verifyTenant } from '#ops'
import { connect, type Database, type DatabaseAccess, readConfig, systemClock } from '#platform'
import { CannotRun, type Command } from './command.ts'
import { onDatabase } from './database.ts'

const help = `npm run pulse -- audit verify [flags]
  --tenant <key>            only the log of this tenant
  --platform                only the log of the platform itself
  --expect <hash>@<position>  a head that was kept: is it still in the chain? Needs --tenant or --platform
  --file <export.ndjson>    an export instead of the database
  --data .pulse             the folder of Pulse (PULSE_DATA); it may run meanwhile
  --json                    answer as JSON

Exit code 0: proven. 1: broken, and every fault is named. 2: could not look.`

/** `pulse audit verify`: proves that the audit log is as it was written, or names what is not. */
export const auditVerify: Command = {
  summary: 'Prove that the audit log is as it was written.',
  help,
  async run(args, say) {
    const flags = flagsOf(args)
    const found =
      flags.file === undefined ? await ofDatabase(flags) : await ofFile(flags, flags.file)
    say(flags.json ? JSON.stringify(found, null, 2) : shown(found))
    return Object.values(found).every(({ proven }) => proven) ? 0 : 1
  },
}

type Flags = ReturnType<typeof flagsOf>
/** What was found, by the name of each log. */
type Found = Readonly<Record<string, AuditVerification>>

function flagsOf(args: readonly string[]) {
  const text = { type: 'string' } as const
  const yes = { type: 'boolean', default: false } as const
  const options = { tenant: text, expect: text, file: text, data: text, platform: yes, json: yes }
  const { values } = parseArgs({ args: [...args], options, strict: true })
  const { expect } = values
  if (!auditVerificationQuery.shape.expect.safeParse(expect).success) {
    throw new CannotRun('--expect: use <hash>@<position>, as an earlier verification told it.')
  }
  if (values.tenant !== undefined && values.platform) {
    throw new CannotRun('Name a tenant or the platform, not both.')
  }
  if (expect !== undefined && !values.tenant && !values.platform && !values.file) {
    throw new CannotRun('--expect is of one log: name it by --tenant or --platform.')
  }
  return { ...values, expect: anchorOf(expect) }
}

async function ofFile({ expect }: Flags, file: string): Promise<Found> {
  // npm runs its scripts elsewhere than where the person is.
  const path = resolve(process.env['INIT_CWD'] ?? '', file)
  const lines = createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  return { [file]: await verifyExport(lines, { expect, nowMs: systemClock.now }) }
}

function ofDatabase(flags: Flags): Promise<Found> {
  const config = readConfig(flags.data === undefined ? [] : ['--data', flags.data], process.env)
  if (config === 'help') throw new CannotRun(help)
  return onDatabase(config.data, async (database) => {
    const db = connect(database.facts('pulse_sealer'), 'pulse_sealer', {
      max: 1,
      name: 'pulse verify',
    })
    try {
      const found: Record<string, AuditVerification> = {}
      for (const [name, tenant] of await wanted(flags, database, db)) {
        found[name] = await verifyTenant({ db, clock: systemClock }, tenant, {
          expect: flags.expect,
        })
      }
      return found
    } finally {
      await db.end({ timeout: 1 })
    }
  })
}

const PLATFORM = 'the platform'

/** The logs to verify, by name. A log whose tenant is not known any more is verified too. */
async function wanted(
  { tenant, platform }: Flags,
  database: DatabaseAccess,
  db: Database,
): Promise<readonly (readonly [name: string, tenant: number])[]> {
  if (platform) return [[PLATFORM, 0]]
  const known = await tenantsOf(database)
  if (tenant !== undefined) {
    const id = known.get(tenant)
    if (id === undefined) throw new CannotRun(`There is no tenant ${tenant}.`)
    return [[tenant, id]]
  }
  const ids = new Set([0, ...known.values()])
  const unknown = (await tenantsWithLog(db)).filter((id) => !ids.has(id))
  return [[PLATFORM, 0], ...known, ...unknown.map((id) => [`tenant ${id}`, id] as const)]
}

async function tenantsOf(database: DatabaseAccess): Promise<Map<string, number>> {
  const facts = database.facts('pulse_pipeline')
  const db = connect(facts, 'pulse_pipeline', { max: 1, name: 'pulse tenants' })
  try {
    const rows = await db<{ key: string; id: number }[]>`
      select key, id from registry.tenant order by key`
    return new Map(rows.map(({ key, id }) => [key, id]))
  } finally {
    await db.end({ timeout: 1 })
  }
}

const shown = (found: Found): string =>
  Object.entries(found)
    .flatMap(([name, verification]) => linesOf(name, verification))
    .join('\n')

function linesOf(name: string, of: AuditVerification): string[] {
  const { proven, checked, head, unsealed, faults, moreFaults, tookMs } = of
  const verdict = proven ? 'proven' : 'BROKEN'
  const age =
    unsealed.oldestAgeS === null ? '' : `, the oldest for ${unsealed.oldestAgeS.toFixed(1)} s`
  return [
    `${name}: ${verdict}. ${checked} sealed rows checked in ${tookMs} ms; ${unsealed.rows} wait for their seal${age}.`,
    ...(head ? [`  head ${head.hash}@${head.position}`] : []),
    ...faults.map(({ kind, text }) => `  ${kind.padEnd(9)}  ${text}`),
    ...(moreFaults > 0 ? [`  and ${moreFaults} more faults`] : []),
  ]
}
