const DATABASE = 'pulse'
const STORE = 'refresh-tokens'

/**
 * Where refresh tokens lie, by session. IndexedDB and not `localStorage`: what one tab has written
 * there is certain to be read by the next one that gets the lock, even in another process of the
 * browser, and a refresh token that is used twice ends the session.
 */
let database: Promise<IDBDatabase> | undefined

function open(): Promise<IDBDatabase> {
  database ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB does not open'))
    request.onsuccess = () => {
      request.result.onclose = () => {
        database = undefined
      }
      resolve(request.result)
    }
  })
  return database
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>) {
  const opened = await open()
  return new Promise<T>((resolve, reject) => {
    const transaction = opened.transaction(STORE, mode)
    const request = act(transaction.objectStore(STORE))
    transaction.oncomplete = () => resolve(request.result)
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB gave up'))
  })
}

export async function readRefreshToken(session: string): Promise<string | undefined> {
  const found: unknown = await run('readonly', (store) => store.get(session))
  return typeof found === 'string' ? found : undefined
}

export const keepRefreshToken = (session: string, token: string) =>
  run('readwrite', (store) => store.put(token, session))

/** Forgets those of every session. */
export const dropRefreshTokens = () => run('readwrite', (store) => store.clear())
