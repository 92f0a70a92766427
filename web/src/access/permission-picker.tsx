import { Checkbox } from '@mantine/core'
import type { Permission } from '@pulse/contract'
import classes from './access.module.css'
import { permissionGroups, readOnly } from './permission-groups.ts'

interface PermissionPickerProps {
  readonly chosen: readonly Permission[]
  /** What one may give: nobody gives what they do not have. */
  readonly among: readonly Permission[]
  readonly error: string | undefined
  readonly onChange: (chosen: readonly Permission[]) => void
}

/** Permissions in plain words, by module. */
export function PermissionPicker(props: PermissionPickerProps) {
  const { chosen, among, onChange } = props
  const toggle = (key: Permission) =>
    onChange(chosen.includes(key) ? chosen.filter((each) => each !== key) : [...chosen, key])
  const groups = permissionGroups
    .map(({ title, permissions }) => ({
      title,
      permissions: permissions.filter(({ key }) => among.includes(key)),
    }))
    .filter(({ permissions }) => permissions.length > 0)
  return (
    <div>
      <Head {...props} />
      <div className={classes.picker}>
        {groups.map((group) => (
          <fieldset key={group.title}>
            <legend>{group.title}</legend>
            {group.permissions.map(({ key, words }) => (
              <Checkbox
                key={key}
                size="xs"
                label={words}
                title={key}
                checked={chosen.includes(key)}
                onChange={() => toggle(key)}
              />
            ))}
          </fieldset>
        ))}
      </div>
    </div>
  )
}

function Head({ chosen, among, error, onChange }: PermissionPickerProps) {
  return (
    <div className={classes.pickerHead}>
      <b>Permissions</b>
      <span className="muted">
        {chosen.length} of {among.length}
      </span>
      <button type="button" onClick={() => onChange(readOnly(among))}>
        Only reading
      </button>
      <button type="button" onClick={() => onChange(among)}>
        Everything
      </button>
      <button type="button" onClick={() => onChange([])}>
        Nothing
      </button>
      {error && (
        <span role="alert" className={classes.wrong}>
          {error}
        </span>
      )}
    </div>
  )
}
