import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { sessionQuery } from '../session/queries.ts'
import { useTenant } from '../session/use-session.ts'
import { type NavModule, navigation, operatorArea } from './navigation.ts'

interface Navigation {
  /** Modules of the tenant that one works in; none for who belongs to no tenant. */
  readonly modules: readonly NavModule[]
  /** The operator's area; undefined for everybody else. */
  readonly platform: NavModule | undefined
}

/** The menu of who is signed in: without what they may not read. All of it until that is known. */
export function useNavigation(): Navigation {
  const { data } = useQuery(sessionQuery())
  const may = useTenant()?.permissions
  return useMemo(() => {
    const shown = navigation.map((module) => ({
      ...module,
      entries: module.entries.filter(({ need }) => !need || (may?.includes(need) ?? true)),
    }))
    return {
      modules: data?.tenants.length === 0 ? [] : shown,
      platform: data?.operator ? operatorArea : undefined,
    }
  }, [data, may])
}
