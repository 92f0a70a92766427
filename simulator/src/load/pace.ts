import type { Connection } from './connection.ts'

/**
 * Gives messages to connections in turn at an even rate and returns how to stop. The times at
 * which messages are due are kept: when the timer comes late, all that fell due leave at once and
 * count as late.
 */
export function startPace(perSecond: number, connections: readonly Connection[]): () => void {
  const startedAt = performance.now()
  const touched = new Set<Connection>()
  let made = 0
  let timer: NodeJS.Timeout
  const tick = () => {
    const now = performance.now()
    for (;;) {
      const dueAt = startedAt + (made * 1000) / perSecond
      if (dueAt > now) break
      const connection = connections[made++ % connections.length] as Connection
      connection.due.push(dueAt)
      touched.add(connection)
    }
    for (const connection of touched) connection.pump(now)
    touched.clear()
    timer = setTimeout(tick, 1)
  }
  timer = setTimeout(tick, 0)
  return () => clearTimeout(timer)
}
