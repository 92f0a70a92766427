import { Menu, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { sessionQuery } from '../session/queries.ts'
import { signOut } from '../session/sign-out.ts'
import { useTenant } from '../session/use-session.ts'
import classes from './shell.module.css'

/** Who is signed in: account, theme, sign out. */
export function PersonMenu() {
  const { data } = useQuery(sessionQuery())
  const tenant = useTenant()
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme()
  const shown = useComputedColorScheme()
  if (!data) return null
  const { name, username } = data.person
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <button
          type="button"
          className={classes.person}
          aria-label={`${initials(name)}, signed in as ${name}`}
        >
          {initials(name)}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name}
          {name !== username && ` · ${username}`}
          {tenant && `, ${tenant.role}`}
        </Menu.Label>
        <Menu.Item onClick={() => void navigate({ to: '/account', search: {} })}>Account</Menu.Item>
        <Menu.Item onClick={() => setColorScheme(shown === 'dark' ? 'light' : 'dark')}>
          {shown === 'dark' ? 'Light theme' : 'Dark theme'}
        </Menu.Item>
        <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function initials(name: string): string {
  const words = name.split(/[\s.]+/).filter((word) => word !== '')
  const letters = words.length > 1 ? `${words[0]?.[0]}${words.at(-1)?.[0]}` : name.slice(0, 2)
  return letters.toUpperCase()
}
