import { Textarea } from '@mantine/core'
import { reason } from '@pulse/contract'

/** Whether a reason is one: 8 to 500 characters. */
export const isReason = (text: string): boolean => reason.safeParse(text).success

/** What is said where a reason is missing. */
export const REASON_NEEDED = 'Say why in 8 to 500 characters.'

interface ReasonFieldProps {
  /** Who reads it: `The people of the tenant read it.` */
  readonly readBy: string
  readonly value: string
  readonly onChange: (text: string) => void
  readonly error?: string | undefined
}

/** Why an operator does what they do; it stays in the audit. */
export function ReasonField({ readBy, value, onChange, error }: ReasonFieldProps) {
  return (
    <Textarea
      label="Reason"
      name="reason"
      description={readBy}
      placeholder="Ticket 4711: the fans of Dallas 2 do not answer"
      rows={2}
      maxLength={500}
      data-autofocus
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
    />
  )
}
