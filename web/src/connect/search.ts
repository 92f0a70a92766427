import { z } from 'zod'
import { snippetTabs } from './snippets.ts'

/** What the URL of the rejections holds; nonsense is left out. */
export const rejectionsSearch = z.object({
  device: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
})

const snippetKeys = snippetTabs.map((tab) => tab.key) as [
  (typeof snippetTabs)[number]['key'],
  ...(typeof snippetTabs)[number]['key'][],
]

/** What the URL of the connect page holds: the device that was chosen, and the snippet. */
export const connectSearch = z.object({
  device: z.string().optional().catch(undefined),
  snippet: z.enum(snippetKeys).optional().catch(undefined),
})
