import type { Severity } from '@pulse/contract'

/** Colours as a canvas wants them, read from the theme's CSS variables. */
export interface Palette {
  readonly lines: readonly string[]
  readonly others: string
  readonly grid: string
  readonly text: string
  readonly open: string
  readonly clear: string
  readonly noData: string
  readonly hatch: string
  readonly severity: Readonly<Record<Severity, string>>
}

/** Reads the palette of the theme that is in force at `element`. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element)
  const read = (name: string) => style.getPropertyValue(name).trim()
  return {
    lines: [1, 2, 3, 4, 5, 6].map((n) => read(`--series-${n}`)),
    others: read('--series-others'),
    grid: read('--line-faint'),
    text: read('--muted'),
    open: read('--critical'),
    clear: read('--online'),
    noData: read('--no-data'),
    hatch: read('--line'),
    severity: {
      critical: read('--critical'),
      warning: read('--warning'),
      info: read('--info'),
    },
  }
}

/** A token of the theme (`#rrggbb`), let through to `share` of its strength. */
export function translucent(colour: string, share: number): string {
  const alpha = Math.round(share * 255)
  return `${colour}${alpha.toString(16).padStart(2, '0')}`
}

/** Calls back when the person changes between light and dark. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(listener)
  observer.observe(document.documentElement, {
    attributes: true,
    attributeFilter: ['data-mantine-color-scheme'],
  })
  return () => observer.disconnect()
}
