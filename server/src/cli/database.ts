import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type DatabaseAccess, joinEmbedded, openEmbedded, silentLog } from '#platform'
import { CannotRun } from './command.ts'

/**
 * Runs `work` on the database in a data folder: on the one that a running Pulse has up, or on one
 * that is started for it and stopped again. Makes no new folder.
 *
 * @throws {CannotRun} when there is no database
 */
export async function onDatabase<T>(
  folder: string,
  work: (database: DatabaseAccess) => Promise<T>,
): Promise<T> {
  if (!existsSync(join(folder, 'postgres'))) {
    throw new CannotRun(`There is no Pulse in ${resolve(folder)}. Name its folder with --data.`)
  }
  const database = (await joinEmbedded(folder)) ?? (await openEmbedded(folder, silentLog))
  try {
    return await work(database)
  } finally {
    await database.stop()
  }
}
