import type { RoleFacts } from '@pulse/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Confirm } from '../ui/confirm.tsx'
import { plural } from '../ui/format.ts'
import { toast } from '../ui/toast.ts'
import { deleteRole } from './queries.ts'

interface DeleteRoleProps {
  readonly role: RoleFacts
  readonly onClose: () => void
}

/** Deletes a role that nobody has; says who has it otherwise. */
export function DeleteRole({ role, onClose }: DeleteRoleProps) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => deleteRole(role.key),
    onSuccess: () => {
      toast({ text: `The role ${role.name} is deleted.` })
      onClose()
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['roles'] }),
  })
  const free = role.members === 0
  return (
    <Confirm
      title={`Delete the role ${role.name}?`}
      act="Delete the role"
      keep={free ? 'Keep it' : 'Close'}
      ready={free}
      pending={isPending}
      error={error}
      onAct={mutate}
      onClose={onClose}
    >
      {free ? (
        <p>Nobody has it. It cannot be brought back, only made again.</p>
      ) : (
        <p>
          It is in use: {plural(role.members, 'person has', 'people have')} it.{' '}
          <Link to="/people" search={{ role: role.key }}>
            Give them another role first.
          </Link>
        </p>
      )}
    </Confirm>
  )
}
