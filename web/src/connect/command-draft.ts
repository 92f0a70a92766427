import { newCommand } from '@pulse/contract'
import { useEffect, useState } from 'react'

/** What one types before a command is sent. */
export interface CommandDraft {
  readonly name: string
  readonly payload: string
  readonly ttlS: number
}

const EMPTY: CommandDraft = { name: '', payload: '', ttlS: 3600 }

/** A draft that outlives errors and reloads of the tab, one per device. */
export function useCommandDraft(device: string) {
  const key = `pulse.command.${device}`
  const [draft, setDraft] = useState<CommandDraft>(() => read(key))
  useEffect(() => sessionStorage.setItem(key, JSON.stringify(draft)), [key, draft])
  const change = (patch: Partial<CommandDraft>) => setDraft((old) => ({ ...old, ...patch }))
  return { draft, change, clear: () => setDraft(EMPTY) }
}

function read(key: string): CommandDraft {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? '{}')
    return { ...EMPTY, ...(typeof kept === 'object' ? kept : {}) }
  } catch {
    return EMPTY
  }
}

/** What is wrong with a draft, per field; and the request body when nothing is. */
export function checkDraft(draft: CommandDraft) {
  const payload = parsePayload(draft.payload)
  const body = {
    name: draft.name.trim(),
    ttlS: draft.ttlS,
    ...(payload.value === undefined ? {} : { payload: payload.value }),
  }
  const parsed = newCommand.safeParse(body)
  const name = parsed.success
    ? undefined
    : parsed.error.issues.find((issue) => issue.path[0] === 'name')
  return {
    nameError: name && 'Give a name of 1 to 64 characters, such as reboot.',
    payloadError: payload.error,
    body: parsed.success && payload.error === undefined ? parsed.data : undefined,
  }
}

function parsePayload(text: string): { readonly value?: unknown; readonly error?: string } {
  if (text.trim() === '') return {}
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return { error: `This is not JSON yet: ${reason}.` }
  }
}
