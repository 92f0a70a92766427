import {
  account,
  ownSignIn,
  type PasswordChange,
  secondFactorOffer,
  signInFacts,
} from '@pulse/contract'
import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { api, openApi } from '../session/api.ts'

const nothing = z.null()

/** Which provider vouches for people, and whether it is Pulse's own. */
export const signInFactsQuery = () =>
  queryOptions({
    queryKey: ['sign-in-facts'],
    queryFn: () => openApi.get('/v1/sign-in', signInFacts),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** One's own account; for the embedded provider only. */
export const accountQuery = () =>
  queryOptions({
    queryKey: ['account'],
    queryFn: ({ signal }) => api.get('/v1/account', account, { signal }),
  })

/** One's own sign-ins that have not ended, the newest first. */
export const signInsQuery = () =>
  queryOptions({
    queryKey: ['sign-ins'],
    queryFn: ({ signal }) =>
      api.get('/v1/account/sign-ins', z.object({ items: z.array(ownSignIn) }), { signal }),
    refetchInterval: 60_000,
  })

export const changePassword = (change: PasswordChange) =>
  api.put('/v1/account/password', nothing, change)
export const endSignIn = (id: string) => api.delete(`/v1/account/sign-ins/${id}`)

/** A second factor to enrol; it is in force when a code has confirmed it. */
export const offerSecondFactor = () => api.post('/v1/account/second-factor', secondFactorOffer)
export const confirmSecondFactor = (code: string) =>
  api.post('/v1/account/second-factor/confirm', nothing, { code })
export const removeSecondFactor = (code: string) =>
  api.post('/v1/account/second-factor/remove', nothing, { code })
