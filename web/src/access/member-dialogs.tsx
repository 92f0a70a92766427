import type { MemberFacts, RoleFacts } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTenant } from '../session/use-session.ts'
import { Confirm } from '../ui/confirm.tsx'
import { toast } from '../ui/toast.ts'
import { changeMember, removeMember } from './queries.ts'

/** A change of a person that is asked about first. */
export type MemberQuestion =
  | { readonly kind: 'deactivate' | 'remove'; readonly member: MemberFacts }
  | { readonly kind: 'own-role'; readonly member: MemberFacts; readonly role: RoleFacts }

interface MemberDialogProps {
  readonly question: MemberQuestion
  readonly onClose: () => void
}

/** What a change of a person does, before it is done. */
export function MemberDialog({ question, onClose }: MemberDialogProps) {
  const { member } = question
  const words = useWords(question)
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => act(question),
    onSuccess: () => {
      toast({ text: words.done })
      onClose()
    },
    onSettled: () => {
      for (const key of ['members', 'roles', ...(member.self ? ['session'] : [])]) {
        void client.invalidateQueries({ queryKey: [key] })
      }
    },
  })
  return (
    <Confirm
      title={words.title}
      act={words.act}
      {...(question.kind === 'remove' ? { typed: member.username } : {})}
      pending={isPending}
      error={error}
      onAct={mutate}
      onClose={onClose}
    >
      {words.effects.map((effect) => (
        <p key={effect}>{effect}</p>
      ))}
    </Confirm>
  )
}

async function act(question: MemberQuestion): Promise<void> {
  const { person } = question.member
  if (question.kind === 'remove') return removeMember(person)
  const change = question.kind === 'own-role' ? { role: question.role.key } : { active: false }
  await changeMember(person, change)
}

interface Words {
  readonly title: string
  readonly effects: readonly string[]
  readonly act: string
  readonly done: string
}

function useWords(question: MemberQuestion): Words {
  const tenant = useTenant()?.name ?? 'the tenant'
  const { name, self } = question.member
  const whose = self ? 'your' : 'their'
  if (question.kind === 'own-role') {
    const { role } = question
    return {
      title: `Change your own role to ${role.name}?`,
      effects: [
        `You keep ${role.permissions.length} permissions, and lose the others within seconds.`,
        'Only another admin can give them back.',
      ],
      act: `Become ${role.name}`,
      done: `You are ${role.name} now.`,
    }
  }
  if (question.kind === 'deactivate') {
    return {
      title: self ? 'Deactivate yourself?' : `Deactivate ${name}?`,
      effects: [
        `Ends ${whose} open sessions in ${tenant} within seconds, and refuses new ones.`,
        'The role and what was done stay. It can be activated again at any time.',
      ],
      act: 'Deactivate',
      done: `${name} is deactivated.`,
    }
  }
  return {
    title: self ? `Leave ${tenant}?` : `Remove ${name} from ${tenant}?`,
    effects: [
      `Ends ${whose} open sessions in ${tenant} within seconds. To come back takes a new invitation.`,
      'What was done stays in the audit log, under the same name.',
    ],
    act: self ? 'Leave' : 'Remove',
    done: `${name} is removed.`,
  }
}
