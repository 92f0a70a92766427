import type { IncomingMessage } from 'node:http'

/** What is kept of the body of an answer. */
const KEPT_BYTES = 2048
/** What is read of it, so that the connection can be kept; beyond, the connection is dropped. */
const READ_BYTES = 64 * 1024

/** The answer to one request, its body cut. */
export interface Reply {
  readonly status: number
  readonly text: string | undefined
  readonly retryAfter: string | undefined
  readonly location: string | undefined
}

/** Reads an answer to its end or its bound. A body that breaks off does not undo the status. */
export function readReply(incoming: IncomingMessage): Promise<Reply> {
  const kept: Buffer[] = []
  let bytes = 0
  return new Promise((resolve) => {
    incoming.on('data', (chunk: Buffer) => {
      if (bytes < KEPT_BYTES) kept.push(chunk.subarray(0, KEPT_BYTES - bytes))
      bytes += chunk.length
      if (bytes > READ_BYTES) incoming.destroy()
    })
    incoming.on('error', () => {})
    incoming.on('close', () => {
      const { statusCode, headers } = incoming
      resolve({
        status: statusCode ?? 0,
        text: bytes === 0 ? undefined : printable(Buffer.concat(kept)),
        retryAfter: headers['retry-after'],
        location: headers.location,
      })
    })
  })
}

/** PostgreSQL stores no NUL; the decoder has replaced what is no UTF-8. */
const printable = (bytes: Buffer): string => bytes.toString('utf8').replaceAll('\u0000', '\ufffd')
