import {
  type ApiKeyDraft,
  apiKey,
  type InvitationDraft,
  invitation,
  type MemberChange,
  type MemberFacts,
  member,
  newApiKey,
  newInvitation,
  type RoleDraft,
  roleFacts,
} from '@pulse/contract'
import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { api } from '../session/api.ts'

const members = z.object({ items: z.array(member) })
const roles = z.object({ items: z.array(roleFacts) })
const invitations = z.object({ items: z.array(invitation) })
const apiKeys = z.object({ items: z.array(apiKey) })

/** The people of the tenant. */
export const membersQuery = () =>
  queryOptions({
    queryKey: ['members'],
    queryFn: ({ signal }) => api.get('/v1/members', members, { signal }),
    refetchInterval: 30_000,
  })

export const changeMember = (person: string, change: MemberChange) =>
  api.patch(`/v1/members/${person}`, member, change)
export const removeMember = (person: string) => api.delete(`/v1/members/${person}`)

/** Shows a change of a person before the server has answered. */
export function showChanged(client: QueryClient, person: string, change: MemberChange) {
  const changed = (facts: MemberFacts): MemberFacts => ({
    ...facts,
    role: change.role ?? facts.role,
    active: change.active ?? facts.active,
  })
  client.setQueryData(
    membersQuery().queryKey,
    (old) =>
      old && { items: old.items.map((each) => (each.person === person ? changed(each) : each)) },
  )
}

/** Built-in roles and those that the tenant made. */
export const rolesQuery = () =>
  queryOptions({
    queryKey: ['roles'],
    queryFn: ({ signal }) => api.get('/v1/roles', roles, { signal }),
  })

export const writeRole = (key: string, draft: RoleDraft) =>
  api.put(`/v1/roles/${key}`, roleFacts, draft)
export const deleteRole = (key: string) => api.delete(`/v1/roles/${key}`)

/** Every invitation, the newest first. */
export const invitationsQuery = () =>
  queryOptions({
    queryKey: ['invitations'],
    queryFn: ({ signal }) => api.get('/v1/invitations', invitations, { signal }),
  })

/** A new invitation; the token of its link is in the answer and nowhere else. */
export const invite = (draft: InvitationDraft) => api.post('/v1/invitations', newInvitation, draft)
export const withdraw = (id: string) => api.delete(`/v1/invitations/${id}`)

/** Every API key, the ended ones included. */
export const apiKeysQuery = () =>
  queryOptions({
    queryKey: ['api-keys'],
    queryFn: ({ signal }) => api.get('/v1/api-keys', apiKeys, { signal }),
    refetchInterval: 10_000,
  })

/** A new key; its text is in the answer and nowhere else. */
export const createApiKey = (draft: ApiKeyDraft) => api.post('/v1/api-keys', newApiKey, draft)
export const revokeApiKey = (id: string) => api.delete(`/v1/api-keys/${id}`)
