import type { Alert } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMay, usePersonName } from '../session/use-session.ts'
import { toast } from '../ui/toast.ts'
import { toastProblem } from '../ui/toast-problem.ts'
import { acknowledge, showAcknowledged } from './queries.ts'

/** Acknowledges an alert: shown at once, taken back with the reason if Pulse refuses. */
export function useAcknowledge() {
  const client = useQueryClient()
  const name = usePersonName()
  const may = useMay('alert.write')
  const { mutate } = useMutation({
    mutationFn: (alert: Alert) => acknowledge(alert.id),
    onMutate: (alert) => showAcknowledged(client, alert.id, name),
    onSuccess: (_, alert) => toast({ text: `Acknowledged: ${alert.deviceName} ${alert.title}.` }),
    onError: (error) => toastProblem(error, 'Not acknowledged.'),
    onSettled: () => {
      for (const key of ['alerts', 'alert', 'overview']) {
        void client.invalidateQueries({ queryKey: [key] })
      }
    },
  })
  return {
    acknowledge: mutate,
    /** Whether this alert waits for somebody, and one may be that somebody. */
    can: (alert: Alert | undefined) => may && alert?.state === 'open',
  }
}
