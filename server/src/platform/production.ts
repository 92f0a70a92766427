import { keptPasswords } from './bootstrap.ts'
import type { Config } from './config.ts'
import { MASTER_KEY, type MasterKeySource } from './master-key.ts'
import { weaknessOf } from './weak-secret.ts'

interface Start {
  readonly config: Config
  readonly masterKey: MasterKeySource
}

/** A setting that is at fault and what to do; never its value. */
interface Fault {
  readonly setting: string
  readonly text: string
}

/**
 * Refuses a start in production mode with anything that is right only on one's own machine.
 *
 * @throws one error that names every setting at fault and what to do, and shows no value
 */
export async function refuseUnfit(start: Start): Promise<void> {
  const faults = [
    ...(await masterKeyFaults(start)),
    ...demoFaults(start),
    ...signInFaults(start),
    ...(await databaseFaults(start)),
    ...addressFaults(start),
  ]
  if (faults.length === 0) return
  const lines = faults.map(({ setting, text }) => `  ${setting}: ${text}`)
  throw new Error(`this is no start for production.\n${lines.join('\n')}`)
}

async function masterKeyFaults({ config, masterKey }: Start): Promise<readonly Fault[]> {
  const named = config.masterKeyFile === undefined ? MASTER_KEY : 'PULSE_MASTER_KEY_FILE'
  if (masterKey.where !== MASTER_KEY && config.masterKeyFile === undefined) {
    const text =
      'missing. Make one with `openssl rand -base64 32`, keep it apart from the data, and give it here or as a file in PULSE_MASTER_KEY_FILE.'
    return [{ setting: MASTER_KEY, text }]
  }
  try {
    if (await masterKey.read()) return []
    return [{ setting: named, text: 'there is no such file. Name the file that holds the key.' }]
  } catch (error) {
    return [{ setting: named, text: (error as Error).message }]
  }
}

const demoFaults = ({ config }: Start): readonly Fault[] =>
  config.demo
    ? [{ setting: 'PULSE_DEMO', text: 'the demo is on. Say PULSE_DEMO=false or --no-demo.' }]
    : []

function signInFaults({ config }: Start): readonly Fault[] {
  const { oidcIssuer, oidcEmbedded } = config
  const setting = 'PULSE_OIDC_ISSUER'
  if (oidcIssuer === undefined && oidcEmbedded) return []
  const text =
    oidcIssuer === undefined
      ? 'missing. Name the issuer that your people sign in at, or say PULSE_OIDC_EMBEDDED=true to let Pulse keep the accounts.'
      : 'not https. Name its https:// address.'
  return oidcIssuer !== undefined && isSafe(oidcIssuer) ? [] : [{ setting, text }]
}

/** Pulse makes these passwords itself; somebody may have put others there. */
async function databaseFaults({ config }: Start): Promise<readonly Fault[]> {
  const kept = Object.entries(await keptPasswords(config.data))
  return kept.flatMap(([role, password]) => {
    const weakness = weaknessOf(password, role)
    const text = `the password of ${role}: ${weakness}. Take it out: Pulse makes another one.`
    return weakness ? [{ setting: `${config.data}/roles.json`, text }] : []
  })
}

function addressFaults({ config }: Start): readonly Fault[] {
  const { publicUrl, host } = config
  if (publicUrl === undefined && isLoopback(host)) return []
  const setting = 'PULSE_PUBLIC_URL'
  const what = 'Give the https:// address at which people find this Pulse.'
  if (publicUrl === undefined) return [{ setting, text: `missing. ${what}` }]
  return isSafe(publicUrl) ? [] : [{ setting, text: `not https. ${what}` }]
}

/** https, or so near that nobody listens in between. */
function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

const isLoopback = (host: string): boolean =>
  /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host.toLowerCase())
