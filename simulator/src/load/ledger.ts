import { type FileHandle, open } from 'node:fs/promises'

export interface Ledger<T> {
  /** Queues one line; `item` is handed to `onDurable` once the line is on the disk. */
  readonly append: (line: string, item: T) => void
  /** Writes and flushes what is queued, then closes the file. */
  readonly close: () => Promise<void>
}

export interface LedgerOptions<T> {
  readonly path: string
  /** Called with the items of a batch, in order, after the flush that made them durable. */
  readonly onDurable: (items: readonly T[]) => void
  readonly onError: (cause: unknown) => void
  /** How long lines gather before one flush; milliseconds. */
  readonly everyMs?: number
}

/** Opens a file to which lines are appended durably: one write and one fdatasync per batch. */
export async function openLedger<T>(options: LedgerOptions<T>): Promise<Ledger<T>> {
  const file = await open(options.path, 'a')
  let lines: string[] = []
  let items: T[] = []
  let flushing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const flush = async () => {
    timer = undefined
    const batch = items
    const text = `${lines.join('\n')}\n`
    lines = []
    items = []
    await writeDurably(file, text)
    options.onDurable(batch)
  }
  const start = () => {
    flushing = flush()
      .catch(options.onError)
      .finally(() => {
        flushing = undefined
        if (items.length > 0) schedule()
      })
  }
  const schedule = () => {
    if (timer || flushing) return
    timer = setTimeout(start, options.everyMs ?? 20)
  }
  return {
    append: (line, item) => {
      lines.push(line)
      items.push(item)
      schedule()
    },
    close: async () => {
      for (;;) {
        if (timer) {
          clearTimeout(timer)
          timer = undefined
          start()
        }
        if (!flushing) break
        await flushing
      }
      await file.close()
    },
  }
}

async function writeDurably(file: FileHandle, text: string): Promise<void> {
  await file.appendFile(text)
  await file.datasync()
}
