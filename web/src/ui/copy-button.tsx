import { Button } from '@mantine/core'
import IconCheck from '@tabler/icons-react/icons/IconCheck'
import IconCopy from '@tabler/icons-react/icons/IconCopy'
import { useEffect, useState } from 'react'
import { toast } from './toast.ts'

interface CopyButtonProps {
  readonly text: string
  /** What it copies, for its label: `Copy the token`. */
  readonly label?: string
  /** Small, for a line of text. */
  readonly compact?: boolean
}

/** Copies a text and says so for two seconds. */
export function CopyButton({ text, label = 'Copy', compact = false }: CopyButtonProps) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])

  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => toast({ text: 'The browser does not allow copying here. Select the text instead.' }),
    )
  }
  const Icon = copied ? IconCheck : IconCopy
  return (
    <Button
      onClick={copy}
      leftSection={<Icon size={compact ? 14 : 16} stroke={1.6} />}
      {...(compact ? { size: 'compact-xs' } : {})}
    >
      {copied ? 'Copied' : label}
    </Button>
  )
}
