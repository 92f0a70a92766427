import { Button } from '@mantine/core'
import type { MemberFacts, RoleFacts } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { z } from 'zod'
import classes from '../access/access.module.css'
import { AccessHead } from '../access/access-tabs.tsx'
import { MemberDialog, type MemberQuestion } from '../access/member-dialogs.tsx'
import { PeopleTable } from '../access/people-table.tsx'
import { membersQuery } from '../access/queries.ts'
import { useRoleName } from '../access/role-menu.tsx'
import { peopleSearch } from '../access/search.ts'
import { useMemberChange } from '../access/use-member-change.ts'
import { Need } from '../session/need.tsx'
import { useMay } from '../session/use-session.ts'
import { Chip } from '../ui/chip.tsx'
import { formatCount, plural } from '../ui/format.ts'
import { Page } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { StaleNote } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'

type Search = z.infer<typeof peopleSearch>

/** Who belongs to the tenant, and with which role. */
export function PeoplePage() {
  const may = useMay('member.read')
  const mayInvite = useMay('member.write')
  const { data } = useQuery({ ...membersQuery(), enabled: may })
  return (
    <Page>
      <AccessHead
        meta={data && plural(data.items.length, 'person', 'people')}
        actions={
          mayInvite && (
            <Button
              variant="filled"
              renderRoot={(props) => (
                <Link {...props} to="/people/invitations" search={{ invite: true }} />
              )}
            >
              Invite a person
            </Button>
          )
        }
      />
      <Need permission="member.read">
        <People />
      </Need>
    </Page>
  )
}

function People() {
  const [search, setSearch] = useSearchState(peopleSearch)
  const query = useQuery(membersQuery())
  const roleName = useRoleName()
  const people = query.data?.items ?? []
  const shown = useMemo(() => people.filter((each) => matches(each, search)), [people, search])
  const { acts, question, forget } = useActs()
  return (
    <>
      <Filters people={people} search={search} roleName={roleName} onChange={setSearch} />
      <StaleNote query={query} />
      <Panel label="People">
        <PeopleTable
          people={shown}
          source={query}
          selected={search.at}
          onSelect={({ person }) => setSearch({ at: person })}
          roleName={roleName}
          acts={acts}
        />
      </Panel>
      {question && <MemberDialog question={question} onClose={forget} />}
    </>
  )
}

function matches({ name, username, email, role, active }: MemberFacts, search: Search): boolean {
  const words = (search.q ?? '').toLowerCase()
  const text = `${name} ${username} ${email ?? ''}`.toLowerCase()
  if (search.role !== undefined && role !== search.role) return false
  if (search.state !== undefined && active !== (search.state === 'active')) return false
  return text.includes(words)
}

/** What one may do with a person; harmless things at once, the others after a question. */
function useActs() {
  const may = useMay('member.write')
  const change = useMemberChange()
  const roleName = useRoleName()
  const [question, setQuestion] = useState<MemberQuestion>()
  const onRole = (member: MemberFacts, role: RoleFacts) => {
    if (member.self) return setQuestion({ kind: 'own-role', member, role })
    const done = `${member.name} is ${role.name} now, not ${roleName(member.role)}.`
    return change({ member, change: { role: role.key }, done })
  }
  const acts = {
    onRole,
    onActivate: (member: MemberFacts) =>
      change({ member, change: { active: true }, done: `${member.name} may come in again.` }),
    onAsk: (kind: 'deactivate' | 'remove', member: MemberFacts) => setQuestion({ kind, member }),
  }
  return { acts: may ? acts : undefined, question, forget: () => setQuestion(undefined) }
}

interface FiltersProps {
  readonly people: readonly MemberFacts[]
  readonly search: Search
  readonly roleName: (key: string) => string
  readonly onChange: (patch: Partial<Search>) => void
}

function Filters({ people, search, roleName, onChange }: FiltersProps) {
  const roles = [...new Set(people.map(({ role }) => role))].toSorted()
  const away = people.filter(({ active }) => !active).length
  const everybody = search.role === undefined && search.state === undefined
  return (
    <div className={classes.filters}>
      <Chip active={everybody} onClick={() => onChange({ role: undefined, state: undefined })}>
        Everybody
      </Chip>
      {roles.map((role) => (
        <Chip
          key={role}
          active={search.role === role}
          onClick={() => onChange({ role: search.role === role ? undefined : role })}
        >
          {roleName(role)} {formatCount(people.filter((each) => each.role === role).length)}
        </Chip>
      ))}
      {away > 0 && (
        <Chip
          active={search.state === 'deactivated'}
          onClick={() =>
            onChange({ state: search.state === 'deactivated' ? undefined : 'deactivated' })
          }
        >
          Deactivated {formatCount(away)}
        </Chip>
      )}
      <SearchField
        label="Search people"
        value={search.q ?? ''}
        onChange={(q) => onChange({ q: q || undefined })}
      />
    </div>
  )
}
