import type { MemberChange, MemberFacts } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toast } from '../ui/toast.ts'
import { toastProblem } from '../ui/toast-problem.ts'
import { changeMember, showChanged } from './queries.ts'

interface Change {
  readonly member: MemberFacts
  readonly change: MemberChange
  /** What is said when it is done. */
  readonly done: string
  /** False for an undo: it has no undo of its own. */
  readonly undoable?: boolean
}

/** Changes a person: shown at once, can be undone for 8 s, taken back with the reason if refused. */
export function useMemberChange() {
  const client = useQueryClient()
  const { mutate } = useMutation({
    mutationFn: ({ member, change }: Change) => changeMember(member.person, change),
    onMutate: ({ member, change }) => showChanged(client, member.person, change),
    onSuccess: (_, { member, change, done, undoable = true }) => {
      const undo = () =>
        mutate({
          member,
          change: before(member, change),
          done: `${member.name} is as before.`,
          undoable: false,
        })
      toast(undoable ? { text: done, undo } : { text: done })
    },
    onError: (error) => toastProblem(error, 'Not changed.'),
    onSettled: (_, __, { member }) => {
      for (const key of ['members', 'roles', ...(member.self ? ['session'] : [])]) {
        void client.invalidateQueries({ queryKey: [key] })
      }
    },
  })
  return mutate
}

/** The change that takes a change back. */
const before = (member: MemberFacts, change: MemberChange): MemberChange => ({
  ...(change.role === undefined ? {} : { role: member.role }),
  ...(change.active === undefined ? {} : { active: member.active }),
})
