import type { DeviceDetail, DevicePatch, DevicesAnswer, LiveEvent } from '@pulse/contract'
import type { InfiniteData, QueryClient } from '@tanstack/react-query'

/**
 * Merges what the stream told into the cache. By convention the first part of a query's key is the
 * noun of its route: `devices`, `device`, `alerts`, `alert`, `deliveries`, `delivery`,
 * `rejections`, `overview`, `facets`. Single things and rows are patched in place; lists whose
 * membership may have changed are named in the result, to be fetched again at leisure.
 */
export function mergeEvents(client: QueryClient, events: readonly LiveEvent[]): Set<string> {
  const outdated = new Set<string>()
  const patches = new Map<string, DevicePatch>()
  for (const event of events) {
    for (const name of outdates[event.type] ?? []) outdated.add(name)
    if (event.type === 'devices') gather(patches, event.data)
    if (event.type === 'alert') patchOne(client, ['alert', event.data.id], event.data)
    if (event.type === 'delivery') patchOne(client, ['delivery', event.data.id], event.data)
  }
  if (patches.size > 0) patchDevices(client, patches, outdated)
  return outdated
}

/** Which lists each event may have changed. */
const outdates: Readonly<Partial<Record<LiveEvent['type'], readonly string[]>>> = {
  alert: ['alerts', 'overview', 'facets', 'timeline'],
  delivery: ['deliveries', 'overview', 'alert', 'timeline'],
  rejection: ['rejections'],
  gap: ['devices'],
}

function gather(patches: Map<string, DevicePatch>, news: readonly DevicePatch[]) {
  for (const patch of news) patches.set(patch.key, { ...patches.get(patch.key), ...patch })
}

function patchOne(client: QueryClient, queryKey: readonly string[], data: object) {
  client.setQueriesData({ queryKey }, (old: object | undefined) => old && { ...old, ...data })
}

type DeviceList = InfiniteData<DevicesAnswer> | DevicesAnswer

function patchDevices(
  client: QueryClient,
  patches: ReadonlyMap<string, DevicePatch>,
  outdated: Set<string>,
) {
  if ([...patches.values()].some((patch) => patch.status !== undefined)) {
    for (const name of ['facets', 'overview', 'timeline']) outdated.add(name)
  }
  client.setQueriesData(
    { queryKey: ['devices'] },
    (old: DeviceList | undefined) => old && patchList(old, patches),
  )
  for (const patch of patches.values()) {
    client.setQueriesData(
      { queryKey: ['device', patch.key] },
      (old: DeviceDetail | undefined) => old && (merge(old, patch) as DeviceDetail),
    )
  }
}

function patchList(list: DeviceList, patches: ReadonlyMap<string, DevicePatch>): DeviceList {
  if ('pages' in list) {
    return { ...list, pages: list.pages.map((page) => patchPage(page, patches)) }
  }
  return patchPage(list, patches)
}

/** Rows keep their places and, where nothing changed, their identity. */
function patchPage(page: DevicesAnswer, patches: ReadonlyMap<string, DevicePatch>): DevicesAnswer {
  if (!page.items.some((row) => patches.has(row.key))) return page
  const items = page.items.map((row) => {
    const patch = patches.get(row.key)
    return patch ? (merge(row, patch) as typeof row) : row
  })
  return { ...page, items }
}

/** An absent field of a patch leaves the row's as it is. */
function merge(row: object, patch: DevicePatch): object {
  const known = Object.entries(patch).filter(([, value]) => value !== undefined)
  return { ...row, ...Object.fromEntries(known) }
}
