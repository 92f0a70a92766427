/** State: heads of devices (last message, latest metrics), presence. */
export type { Head } from './head.ts'
export { createState, type State } from './state.ts'
