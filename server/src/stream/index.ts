/** Stream: telemetry storage, retention and queries. */
export { createPartitions, type Partitions, summariseArrivals } from './partitions.ts'
export { metricNames, readArrivals, readMessages, readSeries, readSparks, type SeriesQuery } from './queries.ts'
export { streamStage } from './stage.ts'
