import type { Permission } from '@pulse/contract'

/** A harmless request for each permission that reads. */
const reads: readonly (readonly [Permission, path: string])[] = [
  ['device.read', '/v1/devices?limit=10'],
  ['alert.read', '/v1/alerts?state=open'],
  ['delivery.read', '/v1/deliveries?limit=10'],
  ['rejection.read', '/v1/rejections?limit=10'],
  ['rule.read', '/v1/rules'],
  ['member.read', '/v1/members'],
  ['audit.read', '/v1/audit?limit=10'],
  ['key.read', '/v1/api-keys'],
  ['tenant.export', '/v1/tenant/exports'],
]

/**
 * A line to paste that shows that a key works: it reads what the key may read. Undefined for a key
 * that only writes.
 */
export function curlOf(origin: string, key: string, permissions: readonly Permission[]) {
  const path = reads.find(([permission]) => permissions.includes(permission))?.[1]
  if (path === undefined) return undefined
  return `curl -H 'Authorization: Bearer ${key}' \\\n  '${origin}${path}'`
}
