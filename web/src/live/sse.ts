/** One event of a server-sent event stream, its data still text. */
export interface RawEvent {
  readonly type: string
  readonly data: string
}

/**
 * Splits a stream's text into events. Text may end anywhere; what is unfinished is kept for the
 * next call. Comments (heartbeats) yield nothing.
 */
export function createEventParser() {
  let rest = ''
  return (chunk: string): RawEvent[] => {
    rest += chunk.replaceAll('\r\n', '\n')
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    return blocks.map(readBlock).filter((event) => event !== undefined)
  }
}

function readBlock(block: string): RawEvent | undefined {
  let type = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') type = value
    if (field === 'data') data.push(value)
  }
  return data.length === 0 ? undefined : { type, data: data.join('\n') }
}
