import { formatValue } from '../format.ts'

/** A measured value with its unit; booleans are told as on and off. */
export function valueWithUnit(
  value: number,
  line: { readonly unit?: string | undefined; readonly boolean?: boolean },
): string {
  if (line.boolean) return formatValue(value >= 0.5)
  return line.unit ? `${formatValue(value)} ${line.unit}` : formatValue(value)
}
