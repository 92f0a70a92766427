import { newPassword } from '@pulse/contract'
import { type FastifyRequest, PulseError } from '#platform'

import { usernameOf } from '../people-made.ts'
import { fieldOf } from './forms.ts'

/** What is wrong with a form, in words for its page. */
class FormFault extends Error {}

export interface Fault {
  readonly status?: number
  readonly fault?: string
  readonly retryAfterS?: number | undefined
}

/** A refusal in words for a page. @throws what is no refusal */
export function faultOf(error: unknown): Fault {
  if (error instanceof FormFault) return { status: 400, fault: error.message }
  if (!(error instanceof PulseError)) throw error
  const { http: status, retryAfterS } = error
  const limited = `Too many tries. Wait ${waitOf(retryAfterS ?? 5)}, then try again.`
  const fault = error.kind === 'limited' ? limited : `${error.message} ${error.remedy}`
  return { status, fault, retryAfterS }
}

const waitOf = (seconds: number): string =>
  seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`

/** The password that a form gives twice. */
export function chosenPassword(request: FastifyRequest): string {
  const chosen = newPassword.safeParse(fieldOf(request, 'next'))
  if (!chosen.success) throw new FormFault(`The password ${chosen.error.issues[0]?.message}.`)
  if (chosen.data !== fieldOf(request, 'again')) {
    throw new FormFault('The two passwords are not the same.')
  }
  return chosen.data
}

/** Letters, digits and what e-mail addresses have; letters that nobody sees are none. */
const USERNAME = /^(?!.*\p{DI})[\p{L}\p{N}][\p{L}\p{N}@._+-]{0,127}$/u

export function chosenUsername(request: FastifyRequest): string {
  const username = usernameOf(fieldOf(request, 'username'))
  if (USERNAME.test(username)) return username
  throw new FormFault(
    'The username may have letters, digits and @ . _ + -, and begins with a letter or digit.',
  )
}

export function chosenName(request: FastifyRequest): string {
  const name = fieldOf(request, 'name').trim()
  if (name !== '' && name.length <= 128 && !/\p{C}|\p{DI}/u.test(name)) return name
  throw new FormFault('The name needs 1 to 128 characters.')
}
