import type { QueryClient } from '@tanstack/react-query'

const REFETCH_MS = 2000

/** Fetches outdated lists again, each at most every 2 s however often it is named. */
export function createRefetcher(client: QueryClient) {
  let names = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = () => {
    const due = names
    names = new Set()
    timer = undefined
    void client.invalidateQueries({ predicate: (query) => due.has(String(query.queryKey[0])) })
  }
  return {
    later(outdated: ReadonlySet<string>) {
      if (outdated.size === 0) return
      for (const name of outdated) names.add(name)
      timer ??= setTimeout(run, REFETCH_MS)
    },
    all: () => void client.invalidateQueries(),
    stop: () => clearTimeout(timer),
  }
}
