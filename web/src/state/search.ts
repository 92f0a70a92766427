import { z } from 'zod'
import { rangeSearch } from '../stream/range.ts'
import { type DeviceTab, deviceTabs } from './device-tab-names.ts'

const tabKeys = deviceTabs.map((tab) => tab.key) as [DeviceTab, ...DeviceTab[]]

/** What the URL of a device page holds; nonsense is left out. */
export const deviceSearch = rangeSearch.extend({
  tab: z.enum(tabKeys).optional().catch(undefined),
  /** Metrics that are drawn, comma-separated. */
  metrics: z.string().optional().catch(undefined),
  /** Lanes that are hidden, comma-separated. */
  hide: z.string().optional().catch(undefined),
  /** Screen of the metrics tab, from 1. */
  screen: z.int().min(1).optional().catch(undefined),
  /** What the live tail and the messages are filtered by. */
  find: z.string().optional().catch(undefined),
})
