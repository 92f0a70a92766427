/** A growing set of whole numbers, kept as ranges: small when the numbers are mostly in a row. */
export interface Ranges {
  readonly add: (value: number) => void
  readonly size: () => number
  /** `[from, to, from, to, …]`, both ends included, rising. */
  readonly flat: () => readonly number[]
}

/** An empty set. Adding a number twice changes nothing. */
export function createRanges(): Ranges {
  const edges: number[] = []
  let size = 0
  const add = (value: number) => {
    const last = edges.length - 1
    // Nearly always the next one: acknowledgements arrive in order.
    if (last > 0 && value === (edges[last] as number) + 1) {
      edges[last] = value
      size++
      return
    }
    if (insert(edges, value)) size++
  }
  return { add, size: () => size, flat: () => edges }
}

function insert(edges: number[], value: number): boolean {
  let at = edges.length
  while (at > 0 && (edges[at - 2] as number) > value) at -= 2
  // [at - 2, at - 1] is the range before, [at, at + 1] the one after.
  if (at > 0 && value <= (edges[at - 1] as number)) return false
  const joinsBefore = at > 0 && value === (edges[at - 1] as number) + 1
  const joinsAfter = at < edges.length && value === (edges[at] as number) - 1
  if (joinsBefore && joinsAfter) edges.splice(at - 1, 2)
  else if (joinsBefore) edges[at - 1] = value
  else if (joinsAfter) edges[at] = value
  else edges.splice(at, 0, value, value)
  return true
}

/** Every number of `[from, to, …]`. */
export function* numbersOf(flat: readonly number[]): Generator<number> {
  for (let at = 0; at < flat.length; at += 2) {
    for (let value = flat[at] as number; value <= (flat[at + 1] as number); value++) yield value
  }
}
