/** The server as a library: what benchmarks and the chaos run need to make a Pulse and look into it. */
export {
  type ConnectionFacts,
  connect,
  createLog,
  type Database,
  masterKeySource,
  openEmbedded,
  readConfig,
  systemClock,
} from '#platform'
export { createApp, type PulseApp } from './app.ts'
