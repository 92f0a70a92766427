const units = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const

/** Bytes by powers of 1,000: `840 bytes`, `12.4 MB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  const value = bytes / 1000 ** power
  return `${value.toFixed(power > 0 && value < 100 ? 1 : 0)} ${units[power]}`
}
