import { Button } from '@mantine/core'
import { type OperatorTenant, tenantStates } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import type { z } from 'zod'
import access from '../access/access.module.css'
import { invitationLink } from '../access/invitation-link.ts'
import { type MadeTenant, NewTenantDialog } from '../operator/new-tenant-dialog.tsx'
import classes from '../operator/operator.module.css'
import { OperatorsOnly } from '../operator/operators-only.tsx'
import { tenantsQuery } from '../operator/queries.ts'
import { tenantsSearch } from '../operator/search.ts'
import { TenantTable } from '../operator/tenant-table.tsx'
import { formatRate, formatShare, sortTenants } from '../operator/words.ts'
import { Chip } from '../ui/chip.tsx'
import { formatCount, plural } from '../ui/format.ts'
import { PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { ShownOnce } from '../ui/shown-once.tsx'
import { EmptyState, StaleNote } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'

type Search = z.infer<typeof tenantsSearch>

/** Every tenant of the platform, with size, rate and health. */
export function OperatorTenantsPage() {
  return (
    <OperatorsOnly>
      <Tenants />
    </OperatorsOnly>
  )
}

function Tenants() {
  const [search, setSearch] = useSearchState(tenantsSearch)
  const query = useQuery(tenantsQuery())
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<{ made: MadeTenant; name: string }>()
  const all = query.data?.items ?? []
  const { sort = 'name' } = search
  const shown = useMemo(
    () =>
      sortTenants(
        all.filter((tenant) => matches(tenant, search)),
        sort,
      ),
    [all, search, sort],
  )
  const make = (
    <Button variant="filled" onClick={() => setMaking(true)}>
      Make a tenant
    </Button>
  )
  return (
    <>
      <PageHeader title="Tenants" meta={query.data && summary(all)} actions={make} />
      {made && <FirstAdmin {...made} onDone={() => setMade(undefined)} />}
      <Filters tenants={all} search={search} onChange={setSearch} />
      <StaleNote query={query} />
      <Panel label="Tenants">
        <TenantTable
          tenants={shown}
          source={query}
          sort={sort}
          onSort={(next) => setSearch({ sort: next })}
          selected={search.at}
          onSelect={({ key }) => setSearch({ at: key })}
          empty={<NoTenants any={all.length > 0} make={make} />}
        />
      </Panel>
      {making && (
        <NewTenantDialog
          onClose={() => setMaking(false)}
          onMade={(answer, name) => {
            setMade({ made: answer, name })
            setMaking(false)
          }}
        />
      )}
    </>
  )
}

function matches({ key, name, region, state }: OperatorTenant, search: Search): boolean {
  if (search.state !== undefined && state !== search.state) return false
  return `${key} ${name} ${region}`.toLowerCase().includes((search.q ?? '').toLowerCase())
}

function summary(all: readonly OperatorTenant[]): string {
  const sum = (value: (tenant: OperatorTenant) => number) =>
    all.reduce((total, tenant) => total + value(tenant), 0)
  const devices = sum((tenant) => tenant.devices)
  const online = devices === 0 ? undefined : sum((tenant) => tenant.online) / devices
  const rate = formatRate(sum((tenant) => tenant.messagesPerSecond))
  return `${plural(all.length, 'tenant')} · ${plural(devices, 'device')}, ${formatShare(online)} online · ${rate} messages/s`
}

interface FirstAdminProps {
  readonly made: MadeTenant
  readonly name: string
  readonly onDone: () => void
}

function FirstAdmin({ made, name, onDone }: FirstAdminProps) {
  const { email, token } = made.invitation
  return (
    <ShownOnce
      title={`The link for the first admin of ${name}`}
      secret={invitationLink(token)}
      copy="Copy the link"
      onDone={onDone}
    >
      <p className={access.linkNote}>
        Send it to {email} yourself.{' '}
        <Link to="/operator/tenants/$key" params={{ key: made.key }}>
          Open {name}
        </Link>
      </p>
    </ShownOnce>
  )
}

const stateWords = { active: 'Active', suspended: 'Suspended', leaving: 'Leaving' } as const

interface FiltersProps {
  readonly tenants: readonly OperatorTenant[]
  readonly search: Search
  readonly onChange: (patch: Partial<Search>) => void
}

function Filters({ tenants, search, onChange }: FiltersProps) {
  return (
    <div className={classes.filters}>
      <Chip active={search.state === undefined} onClick={() => onChange({ state: undefined })}>
        All {formatCount(tenants.length)}
      </Chip>
      {tenantStates.map((state) => (
        <Chip
          key={state}
          active={search.state === state}
          onClick={() => onChange({ state: search.state === state ? undefined : state })}
        >
          {stateWords[state]}{' '}
          {formatCount(tenants.filter((tenant) => tenant.state === state).length)}
        </Chip>
      ))}
      <SearchField
        label="Search tenants"
        value={search.q ?? ''}
        onChange={(q) => onChange({ q: q || undefined })}
      />
    </div>
  )
}

interface NoTenantsProps {
  readonly any: boolean
  readonly make: ReactNode
}

function NoTenants({ any, make }: NoTenantsProps) {
  if (any) {
    return <EmptyState title="No tenant matches">Take a filter out, or search for less.</EmptyState>
  }
  return (
    <EmptyState title="No tenant yet" action={make}>
      A tenant is a customer: its devices, its people, and what they report, apart from all others.
    </EmptyState>
  )
}
