import type { DeviceType } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { typesQuery } from '../registry/queries.ts'
import { deviceQuery } from './queries.ts'

/** The type of a device, for names and units of its metrics; undefined until both are known. */
export function useDeviceType(device: string): DeviceType | undefined {
  const { data } = useQuery({ ...deviceQuery(device), refetchInterval: false, staleTime: 60_000 })
  const { data: types } = useQuery(typesQuery())
  return data ? types?.get(data.type) : undefined
}
