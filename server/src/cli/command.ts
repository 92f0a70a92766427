/** One command of `pulse`: a file of its own, and a line in the table of main.ts. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  /** What it takes and what it answers; shown by `--help`. */
  readonly help: string
  /**
   * Does it, says what it found (`say` writes lines to standard output), and resolves to the exit code.
   * @throws {CannotRun} when it was asked wrongly, or cannot look
   */
  run(args: readonly string[], say: (text: string) => void): Promise<number>
}

/** What keeps a command from its work; its message is for the person at the terminal. Exit code 2. */
export class CannotRun extends Error {}
