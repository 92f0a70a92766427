import { join } from 'node:path'
import { isPostmaster, readPidFile } from './postmaster.ts'

/** Where the PostgreSQL of a folder answers; `undefined` when none is ready. Touches nothing. */
export async function findPostgres(
  folder: string,
): Promise<{ readonly host: string; readonly port: number } | undefined> {
  const data = join(folder, 'data')
  const file = await readPidFile(data)
  if (file?.status !== 'ready' || !isPostmaster(file.pid, data)) return undefined
  return { host: file.sockets || '127.0.0.1', port: file.port }
}
