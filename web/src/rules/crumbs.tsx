import { Link } from '@tanstack/react-router'
import classes from './alert.module.css'

/** The way back to the list. */
export function CrumbsToAlerts() {
  return (
    <nav aria-label="Breadcrumb" className={classes.crumbs}>
      <Link to="/alerts">Alerts</Link> › <span aria-current="page">This alert</span>
    </nav>
  )
}
