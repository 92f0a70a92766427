import { auditAnswer, auditVerificationAnswer } from '@pulse/contract'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from '../session/api.ts'
import type { AuditFilter } from './audit-filter.ts'

/** Where a log is read: of the tenant, or of the platform itself. */
export type AuditLog = '/v1/audit' | '/v1/operator/audit'

/** Entries of a log, newest first, page by page, and how many wait for their seal. */
export const auditEntriesQuery = (log: AuditLog, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', log, filter],
    queryFn: ({ pageParam, signal }) => {
      const params = { ...filter, cursor: pageParam, limit: 100 }
      return api.get(log, auditAnswer, { params, signal })
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
    select: ({ pages }) => ({
      items: pages.flatMap((page) => page.items),
      unsealed: pages[0]?.unsealed ?? 0,
    }),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  })

const NEAR_MS = 1

/** One entry, found by its id and when it was written; null where there is none. */
export const auditEntryQuery = (log: AuditLog, id: number, when: string) =>
  queryOptions({
    queryKey: ['audit-entry', log, id],
    queryFn: async ({ signal }) => {
      const at = Date.parse(when)
      const from = new Date(at - NEAR_MS).toISOString()
      const to = new Date(at + NEAR_MS).toISOString()
      const params = { from, to, limit: 500 }
      const { items } = await api.get(log, auditAnswer, { params, signal })
      return items.find((entry) => entry.id === id) ?? null
    },
    // What is written once does not change; its seal comes within a second.
    staleTime: 60_000,
  })

const VERIFICATION = '/v1/audit/verification'

/** The newest proof of the tenant's log; asks on while one is being made. */
export const verificationQuery = () =>
  queryOptions({
    queryKey: ['audit-verification'],
    queryFn: ({ signal }) => api.get(VERIFICATION, auditVerificationAnswer, { signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? 500 : 60_000),
  })

/** Whether a head that was kept (`hash@position`) is still in the chain. */
export const compareHead = (kept: string) =>
  api.get(VERIFICATION, auditVerificationAnswer, { params: { maxAgeS: 0, expect: kept } })

/** Proves the log anew, whatever was proven before; the answer may say that it runs. */
export const verifyAnew = () =>
  api.get(VERIFICATION, auditVerificationAnswer, { params: { maxAgeS: 0 } })

/** Everything that a filter lets through, as a file. */
export const exportAudit = (log: AuditLog, filter: AuditFilter, format: 'ndjson' | 'csv') =>
  api.blob(`${log}/export`, { ...filter, format })
