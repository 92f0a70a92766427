import { newDevice } from '@pulse/contract'
import { useEffect, useState } from 'react'

/** What one types before a device is registered. */
export interface DeviceDraft {
  readonly key: string
  readonly name: string
  readonly type: string
  readonly site: string
}

const EMPTY: DeviceDraft = { key: '', name: '', type: '', site: '' }
const KEPT = 'pulse.new-device'

/** A draft that outlives errors and reloads of the tab. */
export function useDeviceDraft() {
  const [draft, setDraft] = useState<DeviceDraft>(read)
  useEffect(() => sessionStorage.setItem(KEPT, JSON.stringify(draft)), [draft])
  const change = (patch: Partial<DeviceDraft>) => setDraft((old) => ({ ...old, ...patch }))
  return { draft, change, clear: () => setDraft(EMPTY) }
}

function read(): DeviceDraft {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? '{}')
    return { ...EMPTY, ...(typeof kept === 'object' ? kept : {}) }
  } catch {
    return EMPTY
  }
}

export type DraftErrors = Partial<Record<keyof DeviceDraft, string>>

const missing: DraftErrors = {
  key: 'Give the device a key; it stays for ever.',
  type: 'Choose what kind of device it is.',
}

/** What is wrong with a draft by the contract's schema; the request body when nothing is. */
export function checkDevice(draft: DeviceDraft) {
  const name = draft.name.trim()
  const body = {
    key: draft.key.trim(),
    type: draft.type,
    ...(name === '' ? {} : { name }),
    ...(draft.site === '' ? {} : { site: draft.site }),
  }
  const parsed = newDevice.safeParse(body)
  const errors: Record<string, string> = {}
  for (const issue of parsed.error?.issues ?? []) {
    const field = String(issue.path[0]) as keyof DeviceDraft
    errors[field] ??= (draft[field] === '' ? missing[field] : undefined) ?? sentence(issue.message)
  }
  return { errors: errors as DraftErrors, body: parsed.success ? body : undefined }
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
