import { BlockList, isIP } from 'node:net'

/** IPv4 that is no public unicast (IANA special-purpose registry), and metadata services. */
const special4 = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  // A cloud's wire server: a public address that only its own machines reach.
  ['168.63.129.16', 32],
] as const) {
  special4.addSubnet(network, bits, 'ipv4')
}

/** Global unicast, outside of which nothing is public; and what is special within it. */
const unicast6 = new BlockList()
unicast6.addSubnet('2000::', 3, 'ipv6')
const special6 = new BlockList()
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 leads to the IPv4 address that it holds.
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special6.addSubnet(network, bits, 'ipv6')
}

/**
 * True for an address of the public Internet. Everything else is false: private, loopback,
 * link-local, unique-local, carrier-grade NAT, multicast, documentation, metadata services, the
 * IPv6 forms that hold an IPv4 address (mapped, 6to4, NAT64, Teredo), and what is no address.
 */
export function isPublic(address: string): boolean {
  const bare = address.split('%', 1)[0] as string
  const family = isIP(bare)
  if (family === 4) return !special4.check(bare, 'ipv4')
  if (family === 6) return unicast6.check(bare, 'ipv6') && !special6.check(bare, 'ipv6')
  return false
}

/**
 * The address that stands in a URL as its host, or undefined when the host is a name. The URL
 * parser has turned decimal, octal, hexadecimal and short forms into four numbers already.
 */
export function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? undefined : host
}

/** True when one sees without asking DNS that `url` leads to a private address. */
export function isPlainlyPrivate(url: URL): boolean {
  const literal = literalAddress(url)
  if (literal !== undefined) return !isPublic(literal)
  return /(^|\.)localhost\.?$/.test(url.hostname)
}
