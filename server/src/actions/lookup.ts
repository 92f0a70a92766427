import { lookup as systemLookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { refusals } from '@pulse/contract'
import { isPublic } from './addresses.ts'

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}
/** All addresses of a host name. Injected, so that a test need not own a zone. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>

/** Asks the machine, as every program on it does. */
export const systemResolve: Resolve = (host) => systemLookup(host, { all: true })

/** A connection that was not made, since it would have left the public Internet. */
export class PrivateAddressError extends Error {
  readonly code = 'actions.private-address'
  constructor(host: string, address: string) {
    const where = host === address ? address : `${host} is ${address}`
    super(`actions.private-address: ${refusals.actions['private-address'].text} (${where})`)
    this.name = 'PrivateAddressError'
  }
}

/**
 * A `lookup` for sockets that fails when any address of the name is not public. The socket
 * connects to the very addresses that were checked, so a name that changes its mind in between
 * gains nothing.
 */
export function checkedLookup(resolve: Resolve, privateAllowed: boolean): LookupFunction {
  return (host, options, callback) => {
    const fail = (error: Error) => callback(error as NodeJS.ErrnoException, '', 0)
    resolve(host).then((addresses) => {
      const [first] = addresses
      if (!first) return fail(new Error(`No address is known for ${host}.`))
      const hidden = privateAllowed
        ? undefined
        : addresses.find(({ address }) => !isPublic(address))
      if (hidden) return fail(new PrivateAddressError(host, hidden.address))
      if (options.all) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    }, fail)
  }
}
