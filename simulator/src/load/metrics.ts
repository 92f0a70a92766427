import type { Hot } from './config.ts'

const TABLE = 256

/** Whether the n-th message (from 1) of the device at this index is a hot one. */
export function isHot(hot: Hot | undefined, deviceIndex: number, n: number): boolean {
  if (!hot) return false
  if (hot.devices !== undefined && deviceIndex >= hot.devices) return false
  return (n + deviceIndex) % hot.everyNth === 0
}

/**
 * The metrics of a message as bytes, from a table made once. They follow from the device and the
 * number alone, so that a resent message is the same byte for byte.
 */
export function createMetrics(
  hot: Hot | undefined,
): (deviceIndex: number, n: number) => Uint8Array {
  const usual = Array.from({ length: TABLE }, (_, index) => reading(index))
  const table = usual.map((metrics) => Buffer.from(JSON.stringify(metrics)))
  const hotTable = hot
    ? usual.map((metrics) => Buffer.from(JSON.stringify({ ...metrics, [hot.metric]: hot.value })))
    : table
  return (deviceIndex, n) =>
    (isHot(hot, deviceIndex, n) ? hotTable : table)[(n * 7 + deviceIndex) % TABLE] as Uint8Array
}

function reading(index: number): Record<string, number | boolean> {
  const tempC = 22 + 3 * Math.sin((index / TABLE) * 2 * Math.PI) + ((index * 37) % 11) / 20
  return { tempC: Math.round(tempC * 100) / 100, onBattery: false }
}
