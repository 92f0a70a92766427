/** Ops: the live stream, health. */
export { createLive, type Live } from './live.ts'
