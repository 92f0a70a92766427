import { useQuery } from '@tanstack/react-query'
import { overviewQuery } from '../fleet/queries.ts'
import { useSurelyMay } from '../session/use-session.ts'

/** The live counts of the menu and the top bar; undefined until they are known. */
export function useCounts() {
  const enabled = useSurelyMay('device.read')
  const { data } = useQuery({ ...overviewQuery(), enabled })
  if (!data) return undefined
  const { critical, warning, info } = data.alerts
  return {
    devices: data.devices.total,
    alerts: critical + warning + info,
    deadLetters: data.deliveries.deadLetters,
    severities: data.alerts,
  }
}
