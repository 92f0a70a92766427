const browsers = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Headless)?(?:Chrome|CriOS)\//],
  ['Safari', /\bSafari\//],
] as const

const systems = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
] as const

type Table = readonly (readonly [string, RegExp])[]
const nameIn = (table: Table, agent: string) => table.find(([, mark]) => mark.test(agent))?.[0]

/** A `User-Agent` in words: `Firefox on Windows`; the beginning of itself where it is unknown. */
export function agentWords(agent: string | null): string {
  if (agent === null || agent === '') return 'Unknown browser'
  const browser = nameIn(browsers, agent)
  const system = nameIn(systems, agent)
  if (!browser) return agent.split(' ')[0] ?? agent
  return system ? `${browser} on ${system}` : browser
}
