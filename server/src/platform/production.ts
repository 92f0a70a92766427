import type { Config } from './config.ts'
import { MASTER_KEY, type MasterKeySource } from './master-key.ts'
import { weaknessOf } from './weak-secret.ts'

interface Start {
  readonly config: Config
  readonly masterKey: MasterKeySource
  readonly env: Readonly<Record<string, string | undefined>>
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

function signInFaults({ env }: Start): readonly Fault[] {
  const { PULSE_OIDC_ISSUER: issuer = '', PULSE_OIDC_CLIENT_SECRET: secret = '' } = env
  const faults: Fault[] = []
  if (issuer === '' && env['PULSE_OIDC_EMBEDDED'] !== 'true') {
    const text =
      'missing. Name the issuer that your people sign in at, or say PULSE_OIDC_EMBEDDED=true to let Pulse keep the accounts.'
    faults.push({ setting: 'PULSE_OIDC_ISSUER', text })
  }
  if (issuer !== '' && !isSafe(issuer)) {
    faults.push({ setting: 'PULSE_OIDC_ISSUER', text: 'not https. Name its https:// address.' })
  }
  const weakness = secret === '' ? undefined : weaknessOf(secret)
  if (weakness) {
    const text = `${weakness}. Make a new one at the issuer.`
    faults.push({ setting: 'PULSE_OIDC_CLIENT_SECRET', text })
  }
  return faults
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
