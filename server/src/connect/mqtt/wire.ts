/** What carries a connection: a TCP or TLS socket, or a WebSocket seen as a stream. */
export interface Wire {
  readonly remoteAddress?: string | undefined
  /** False when what was written waits: the client does not read. */
  write(bytes: Uint8Array): boolean
  end(): unknown
  destroy(): unknown
  pause(): unknown
  resume(): unknown
}
