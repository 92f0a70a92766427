import { Button } from '@mantine/core'
import type { Invitation } from '@pulse/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import classes from '../access/access.module.css'
import { AccessHead } from '../access/access-tabs.tsx'
import { invitationLink } from '../access/invitation-link.ts'
import { InvitationTable } from '../access/invitation-table.tsx'
import { InviteDialog } from '../access/invite-dialog.tsx'
import { invitationsQuery, withdraw } from '../access/queries.ts'
import { useRoleName } from '../access/role-menu.tsx'
import { invitationsSearch } from '../access/search.ts'
import { Need } from '../session/need.tsx'
import { useMay } from '../session/use-session.ts'
import { Chip } from '../ui/chip.tsx'
import { Confirm } from '../ui/confirm.tsx'
import { formatCount } from '../ui/format.ts'
import { Page } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { ShownOnce } from '../ui/shown-once.tsx'
import { StaleNote } from '../ui/states.tsx'
import { toast } from '../ui/toast.ts'
import { useSearchState } from '../ui/use-search-state.ts'

/** Who was invited and has not come yet; the link of a new invitation is shown once. */
export function InvitationsPage() {
  const [search, setSearch] = useSearchState(invitationsSearch)
  const mayInvite = useMay('member.write')
  const [made, setMade] = useState<{ email: string; token: string }>()
  const openDialog = () => setSearch({ invite: true })
  const closeDialog = () => setSearch({ invite: undefined })
  return (
    <Page>
      <AccessHead
        actions={
          mayInvite && (
            <Button variant="filled" onClick={openDialog}>
              Invite a person
            </Button>
          )
        }
      />
      {made && <NewLink {...made} onDone={() => setMade(undefined)} />}
      <Need permission="member.read">
        <Invitations onInvite={mayInvite ? openDialog : undefined} />
      </Need>
      {search.invite && mayInvite && (
        <InviteDialog
          onClose={closeDialog}
          onInvited={(email, token) => {
            setMade({ email, token })
            closeDialog()
          }}
        />
      )}
    </Page>
  )
}

interface NewLinkProps {
  readonly email: string
  readonly token: string
  readonly onDone: () => void
}

function NewLink({ email, token, onDone }: NewLinkProps) {
  return (
    <ShownOnce
      title={`The link for ${email}`}
      secret={invitationLink(token)}
      copy="Copy the link"
      onDone={onDone}
    >
      <p className={classes.linkNote}>
        Send it to {email} yourself. Whoever opens it and signs in with that address joins.
      </p>
    </ShownOnce>
  )
}

function Invitations({ onInvite }: { readonly onInvite: (() => void) | undefined }) {
  const [search, setSearch] = useSearchState(invitationsSearch)
  const query = useQuery(invitationsQuery())
  const roleName = useRoleName()
  const [asked, setAsked] = useState<Invitation>()
  const all = query.data?.items ?? []
  const open = all.filter(({ state }) => state === 'open')
  return (
    <>
      <div className={classes.filters}>
        <Chip active={search.state === undefined} onClick={() => setSearch({ state: undefined })}>
          Open {formatCount(open.length)}
        </Chip>
        <Chip active={search.state === 'all'} onClick={() => setSearch({ state: 'all' })}>
          All {formatCount(all.length)}
        </Chip>
      </div>
      <StaleNote query={query} />
      <Panel label="Invitations">
        <InvitationTable
          invitations={search.state === 'all' ? all : open}
          source={query}
          selected={search.at}
          onSelect={({ id }) => setSearch({ at: id })}
          roleName={roleName}
          onWithdraw={onInvite && setAsked}
          onInvite={onInvite}
        />
      </Panel>
      {asked && <Withdraw invitation={asked} onClose={() => setAsked(undefined)} />}
    </>
  )
}

interface WithdrawProps {
  readonly invitation: Invitation
  readonly onClose: () => void
}

function Withdraw({ invitation, onClose }: WithdrawProps) {
  const client = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => withdraw(invitation.id),
    onSuccess: () => {
      toast({ text: `The invitation of ${invitation.email} is withdrawn.` })
      onClose()
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['invitations'] }),
  })
  return (
    <Confirm
      title={`Withdraw the invitation of ${invitation.email}?`}
      act="Withdraw it"
      keep="Keep it"
      pending={isPending}
      error={error}
      onAct={mutate}
      onClose={onClose}
    >
      <p>Its link stops working at once. A new invitation can be made at any time.</p>
    </Confirm>
  )
}
