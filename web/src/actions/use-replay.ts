import type { DeliverySummary } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMay } from '../session/use-session.ts'
import { toast } from '../ui/toast.ts'
import { toastProblem } from '../ui/toast-problem.ts'
import { replay } from './queries.ts'

/** Sends a dead letter once more, and says what that did. */
export function useReplay() {
  const client = useQueryClient()
  const may = useMay('delivery.replay')
  const { mutate, isPending } = useMutation({
    mutationFn: (delivery: DeliverySummary) => replay(delivery.id),
    onSuccess: (_, delivery) =>
      toast({
        text: `Replayed: ${delivery.destinationName} hears of ${delivery.device} ${delivery.title} again, under the same webhook-id.`,
      }),
    onError: (error) => toastProblem(error, 'Not replayed.'),
    onSettled: () => {
      for (const key of ['deliveries', 'delivery', 'overview']) {
        void client.invalidateQueries({ queryKey: [key] })
      }
    },
  })
  return { replay: mutate, may, isPending }
}
