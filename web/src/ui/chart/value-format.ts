import { formatValue } from '../format.ts'

/** A measured value with its unit; booleans are told as on and off. */
export function valueWithUnit(
  value: number,
  line: { readonly unit?: string | undefined; readonly boolean?: boolean },
): string {
  if (line.boolean) return formatValue(value >= 0.5)
  return line.unit ? `${formatValue(value)} ${line.unit}` : formatValue(value)
}

/** A number at an axis: as many decimals as its steps need, so that no two labels are alike. */
export function axisNumber(value: number, step: number): string {
  const decimals = Math.min(String(step).split('.')[1]?.length ?? 0, 6)
  return value.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
}
