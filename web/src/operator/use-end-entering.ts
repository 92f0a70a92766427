import type { Entering } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toast } from '../ui/toast.ts'
import { toastProblem } from '../ui/toast-problem.ts'
import { leave } from './queries.ts'

/** Ends an entering, one's own or another operator's. */
export function useEndEntering() {
  const client = useQueryClient()
  const { mutate } = useMutation({
    mutationFn: ({ id }: Entering) => leave(id),
    onSuccess: (_, { personName, tenant }) =>
      toast({ text: `${personName} is no longer in ${tenant}.` }),
    onError: (error) => toastProblem(error, 'Not ended.'),
    onSettled: () => {
      for (const queryKey of [['operator', 'enterings'], ['session']]) {
        void client.invalidateQueries({ queryKey })
      }
    },
  })
  return mutate
}
