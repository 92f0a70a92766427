import { unavailableWhenDown } from '#platform'

/** Awaits a query; a database that is away becomes `platform.unavailable`. */
export async function available<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query
  } catch (error) {
    throw unavailableWhenDown(error)
  }
}
