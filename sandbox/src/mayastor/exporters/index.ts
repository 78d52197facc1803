/** Exporters of Mayastor's I/O counters, for Prometheus to scrape. */
export { IoEngineExporters } from './io-engine-exporters.ts';
export type { TargetGroup } from './io-engine-exporters.ts';
export { metricsOf } from './metrics.ts';
