/** Prints rows of a name and a value, the names in one column. */
export function printTable(title: string, rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length))
  console.log(`\n${title}`)
  for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${value}`)
}

/** A number for people: thousands separated, `digits` behind the point. */
export const figure = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })

/** Rounds for JSON. */
export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits))
