/** Stream: telemetry storage, retention and queries. */
export { createPartitions, type Partitions, summariseArrivals } from './partitions.ts'
export {
  metricNames,
  readArrivals,
  readEvents,
  readMessages,
  readSeries,
  readSparks,
  type SeriesQuery,
} from './queries.ts'
export { streamRoutes } from './routes.ts'
export { streamStage } from './stage.ts'
